-- add_to_outbox.sql: records wait here until the broker has them; ids of one key grow in the order of its events.
INSERT INTO outbox (day, shard, topic, key, event_id, thread_id, headers, sealed, created_at)
SELECT $1::date, shard, topic, key, event_id, thread_id, headers, sealed, $9
FROM unnest($2::smallint[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::jsonb[], $8::bytea[])
    WITH ORDINALITY AS new (shard, topic, key, event_id, thread_id, headers, sealed, n)
ORDER BY n
