-- other_administrators.sql: how many enabled administrators there are beside this account.
SELECT count(*) FROM accounts WHERE enabled AND 'administrator' = ANY (roles) AND account_id <> $1
