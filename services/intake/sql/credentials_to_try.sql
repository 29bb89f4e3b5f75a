-- credentials_to_try.sql: the same; whoever tries another password for this account waits until this try is counted.
SELECT password, must_change, totp, totp_last_step, failures, locked_until FROM credentials WHERE account_id = $1 FOR UPDATE
