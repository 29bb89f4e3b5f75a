-- open_session.sql: a browser is signed in.
INSERT INTO sessions (token_hash, account_id, opened_at, seen_at) VALUES ($1, $2, $3, $3)
