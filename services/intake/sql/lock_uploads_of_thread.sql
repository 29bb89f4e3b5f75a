-- lock_uploads_of_thread.sql: uploads of one dialogue begin one after another, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || $1::uuid::text, 0))
