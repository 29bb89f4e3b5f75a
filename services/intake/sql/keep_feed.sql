-- keep_feed.sql: the address of a calendar; another one that this account had for the same work opens nothing any more.
INSERT INTO feeds (account_id, scope, token_hash, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, scope) DO UPDATE SET token_hash = excluded.token_hash, made_at = excluded.made_at
