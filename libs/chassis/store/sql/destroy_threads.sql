-- destroy_threads.sql: keys are gone and noted in one statement; a thread without a key needs no note.
WITH gone AS (DELETE FROM thread_keys WHERE thread_id = ANY($1::uuid[]) RETURNING thread_id)
INSERT INTO destroyed_threads (thread_id) SELECT thread_id FROM gone RETURNING thread_id, destroyed_at
