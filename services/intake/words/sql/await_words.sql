-- await_words.sql: nobody else keeps the index from now on, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext('otklik intake words'))
