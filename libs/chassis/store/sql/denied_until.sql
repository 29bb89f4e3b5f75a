-- denied_until.sql: up to when the tokens of any of these accounts are worth nothing.
SELECT max(until) FROM denied_tokens WHERE account_id = ANY ($1::text[])
