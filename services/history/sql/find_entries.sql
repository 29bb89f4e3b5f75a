-- find_entries.sql: entries after a place in the order in which they happened; a null argument is no filter (run after plan_anew.sql).
SELECT
    l.*,
    coalesce(l.point, (SELECT min(t.point) FROM thread_links t WHERE t.thread_id = l.thread_id)) AS arrived_point,
    coalesce(l.channel, (SELECT min(t.channel) FROM thread_links t WHERE t.thread_id = l.thread_id)) AS arrived_channel
FROM log AS l
WHERE ($1::uuid[] IS NULL OR l.thread_id = ANY($1))
    AND ($2::timestamptz IS NULL OR l.occurred_at >= $2)
    AND ($3::timestamptz IS NULL OR l.occurred_at < $3)
    AND ($4::text IS NULL OR l.channel = $4
        OR (l.channel IS NULL AND EXISTS (SELECT FROM thread_links t WHERE t.thread_id = l.thread_id AND t.channel = $4)))
    AND ($5::text IS NULL OR l.point = $5
        OR (l.point IS NULL AND EXISTS (SELECT FROM thread_links t WHERE t.thread_id = l.thread_id AND t.point = $5)))
    AND ($6::text[] IS NULL OR l.type = ANY($6))
    AND ($7::text IS NULL OR (l.actor_id = $7 AND l.actor_role NOT IN ('client', 'frontend', 'system')))
    AND ($8::boolean IS NULL OR (l.type = 'HistoryViewed') = $8)
    AND ($9::timestamptz IS NULL OR (l.occurred_at >= $9 AND (l.occurred_at, l.shard, l.position) > ($9, $10::smallint, $11::bigint)))
-- Limited to threads, the few rows are sorted: an index in this order would lure the planner into reading years to find them.
ORDER BY CASE WHEN $1::uuid[] IS NULL THEN l.occurred_at ELSE l.occurred_at + interval '0' END, l.shard, l.position
LIMIT $12
