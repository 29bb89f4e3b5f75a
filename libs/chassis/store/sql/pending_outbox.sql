-- pending_outbox.sql: what waits in a shard after id $2, but for parked keys and stuck topics; no checkpoint, so nothing slow is skipped.
-- Before it whatever a slow transaction has left behind $2 under the same keys, so that no event overtakes an earlier one of its stream.
WITH next AS (
    SELECT o.day, o.id, o.topic, o.key, o.event_id, o.thread_id, o.headers, o.sealed, o.created_at
    FROM outbox o
    WHERE o.shard = $1 AND o.id > $2 AND o.topic <> ALL($3::text[])
        AND NOT EXISTS (SELECT FROM outbox_parked p WHERE p.topic = o.topic AND p.key = o.key)
    ORDER BY o.id LIMIT $4
)
SELECT o.day, o.id, o.topic, o.key, o.event_id, o.thread_id, o.headers, o.sealed, o.created_at
FROM outbox o JOIN (SELECT DISTINCT topic, key FROM next) AS lane USING (topic, key)
WHERE o.shard = $1 AND o.id <= $2
UNION ALL
SELECT * FROM next
ORDER BY id
