-- all_accounts.sql: every account at its version, with what it signs in with, as far as an administrator may see it.
SELECT a.account_id, a.version, c.must_change, c.totp IS NOT NULL AS second_factor, c.locked_until
FROM accounts a JOIN credentials c USING (account_id)
ORDER BY a.account_id
