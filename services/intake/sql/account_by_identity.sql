-- account_by_identity.sql: the one account that is linked with this identity of a provider, disabled or not.
SELECT account_id FROM accounts WHERE identity_mark = $1
