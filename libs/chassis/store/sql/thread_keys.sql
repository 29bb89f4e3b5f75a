-- thread_keys.sql: wrapped keys of threads; `committed` is false for a key that this very transaction may have made.
SELECT thread_id, wrapped, created_at < now() AS committed FROM thread_keys WHERE thread_id = ANY($1::uuid[])
