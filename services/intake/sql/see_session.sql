-- see_session.sql: somebody looked at a page in this session.
UPDATE sessions SET seen_at = $2 WHERE token_hash = $1
