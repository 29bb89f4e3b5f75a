-- left_behind_outbox.sql: what a slow transaction left at or before id $1 under these keys: it goes first, so that no event overtakes its stream.
-- Asked after the rows that follow it: whoever sees a version of a stream sees the one before. Key by key (OFFSET 0), and without the shard, which
-- the key decides: the planner knows nothing of a day that has just begun, and must find no other index than that of the keys.
SELECT behind.* FROM unnest($2::text[], $3::text[]) AS lane (topic, key) CROSS JOIN LATERAL (
    SELECT o.day, o.id, o.topic, o.key, o.event_id, o.thread_id, o.headers, o.sealed, o.created_at
    FROM outbox o
    WHERE o.key = lane.key AND o.topic = lane.topic AND o.id <= $1
    OFFSET 0
) AS behind
ORDER BY behind.id
