-- forget_failures.sql: a whole sign-in makes good the failures before it.
UPDATE credentials SET failures = 0, locked_until = NULL WHERE account_id = $1
