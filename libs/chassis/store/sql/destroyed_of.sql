-- destroyed_of.sql: those of these threads that were destroyed and have not come to life again since.
SELECT DISTINCT thread_id FROM destroyed_threads
WHERE thread_id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM thread_keys WHERE thread_keys.thread_id = destroyed_threads.thread_id)
