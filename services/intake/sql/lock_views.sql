-- lock_views.sql: one change of saved views at a time, so that a name stays free until it is taken; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('otklik intake views'))
