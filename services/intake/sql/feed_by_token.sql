-- feed_by_token.sql: whose calendar this address opens; of a disabled account none.
SELECT f.scope, a.account_id::text AS account, a.unit FROM feeds f JOIN accounts a USING (account_id) WHERE f.token_hash = $1 AND a.enabled
