-- forget_logout_tokens.sql: those that nobody can use again, because they are too old.
DELETE FROM logout_tokens WHERE good_until < $1
