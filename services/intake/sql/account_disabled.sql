-- account_disabled.sql: whether there is such an account, and it is disabled.
SELECT EXISTS (SELECT FROM accounts WHERE account_id::text = $1::text AND NOT enabled)
