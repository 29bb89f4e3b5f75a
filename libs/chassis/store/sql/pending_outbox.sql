-- pending_outbox.sql: what waits in a shard after id $2, but for parked keys and stuck topics; no checkpoint, so nothing slow is skipped.
SELECT o.day, o.id, o.topic, o.key, o.event_id, o.thread_id, o.headers, o.sealed, o.created_at
FROM outbox o
WHERE o.shard = $1 AND o.id > $2 AND o.topic <> ALL($3::text[])
    AND NOT EXISTS (SELECT FROM outbox_parked p WHERE p.topic = o.topic AND p.key = o.key)
ORDER BY o.id LIMIT $4
