-- deny_tokens.sql: tokens of $1 issued up to $2 are worth nothing; told again or in another order, the latest time stands.
INSERT INTO denied_tokens AS known (account_id, until)
SELECT account_id, until FROM unnest($1::text[], $2::timestamptz[]) AS told (account_id, until) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET until = greatest(known.until, excluded.until)
