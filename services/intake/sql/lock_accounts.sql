-- lock_accounts.sql: one change of accounts at a time, so that what was counted over all of them stays true; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('otklik intake accounts'))
