-- repeat_destructions.sql: only keys that were there at the time go: one made later seals what came later. Safe to repeat.
WITH told AS (SELECT thread_id, destroyed_at FROM unnest($1::uuid[], $2::timestamptz[]) AS told (thread_id, destroyed_at)),
gone AS (
    DELETE FROM thread_keys AS key USING told
    WHERE key.thread_id = told.thread_id AND key.created_at <= told.destroyed_at RETURNING key.thread_id
),
noted AS (INSERT INTO destroyed_threads (thread_id, destroyed_at) SELECT thread_id, destroyed_at FROM told ON CONFLICT DO NOTHING)
SELECT count(*) FROM gone
