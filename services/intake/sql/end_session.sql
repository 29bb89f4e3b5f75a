-- end_session.sql: one browser is signed out; returns whose it was and who had vouched for them.
DELETE FROM sessions WHERE token_hash = $1 RETURNING account_id, by_provider
