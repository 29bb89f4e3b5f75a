-- set_password.sql: an account's only password from now on; what was counted against the old one is forgotten.
INSERT INTO credentials (account_id, password, must_change) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE
SET password = excluded.password, must_change = excluded.must_change, failures = 0, locked_until = NULL
