-- end_session.sql: one browser is signed out; returns whose it was.
DELETE FROM sessions WHERE token_hash = $1 RETURNING account_id
