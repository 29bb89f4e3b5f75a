-- lock_register.sql: one batch of messages at a time; held until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('otklik intake register'))
