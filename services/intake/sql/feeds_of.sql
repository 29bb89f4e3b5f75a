-- feeds_of.sql: which calendars an account has an address of, and since when.
SELECT scope, made_at FROM feeds WHERE account_id = $1
