-- add_thread_keys.sql: one key for each thread, whoever comes first; answers those that came first here. Ids are sorted by the caller, so two batches can't deadlock.
INSERT INTO thread_keys (thread_id, wrapped, master_key_id)
SELECT thread_id, wrapped, $3 FROM unnest($1::uuid[], $2::bytea[]) AS new (thread_id, wrapped)
ON CONFLICT (thread_id) DO NOTHING
RETURNING thread_id
