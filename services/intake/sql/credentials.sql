-- credentials.sql: what an account signs in with.
SELECT password, must_change, totp, totp_last_step, failures, locked_until FROM credentials WHERE account_id = $1
