-- account_by_login.sql: the one account with this login, disabled or not.
SELECT account_id FROM accounts WHERE login_mark = $1
