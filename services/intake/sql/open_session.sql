-- open_session.sql: a browser is signed in; $4: the provider vouched for who sits at it, whom and whose session it calls $5 and $6.
INSERT INTO sessions (token_hash, account_id, opened_at, seen_at, by_provider, provider_subject, provider_session)
VALUES ($1, $2, $3, $3, $4, $5, $6)
