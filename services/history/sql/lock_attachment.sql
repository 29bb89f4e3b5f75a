-- lock_attachment.sql: one copy of a file is made at a time, whoever makes it; its row stays free for what is heard meanwhile.
SELECT pg_advisory_xact_lock(hashtextextended('copy of ' || $1::uuid::text, 0))
