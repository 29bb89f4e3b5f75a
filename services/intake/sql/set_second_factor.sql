-- set_second_factor.sql: the second factor of an account and its recovery codes, or none of both.
UPDATE credentials SET totp = $2, totp_last_step = $3, recovery = $4 WHERE account_id = $1
