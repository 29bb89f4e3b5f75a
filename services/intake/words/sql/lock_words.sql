-- lock_words.sql: true for the one who keeps the index now; held until the transaction ends, nobody waits for it.
SELECT pg_try_advisory_xact_lock(hashtext('otklik intake words'))
