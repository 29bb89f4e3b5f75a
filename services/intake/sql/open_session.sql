-- open_session.sql: a browser is signed in; $4: the provider vouched for who sits at it.
INSERT INTO sessions (token_hash, account_id, opened_at, seen_at, by_provider) VALUES ($1, $2, $3, $3, $4)
