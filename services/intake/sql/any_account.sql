-- any_account.sql: whether there is an account; from the first one on it stays true.
SELECT EXISTS (SELECT FROM accounts)
