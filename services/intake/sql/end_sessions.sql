-- end_sessions.sql: all browsers of an account are signed out; a row for each.
DELETE FROM sessions WHERE account_id = $1 RETURNING true
