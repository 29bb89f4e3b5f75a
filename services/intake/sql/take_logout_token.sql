-- take_logout_token.sql: true the first time; again under the same mark there is no row.
INSERT INTO logout_tokens (mark, good_until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true
