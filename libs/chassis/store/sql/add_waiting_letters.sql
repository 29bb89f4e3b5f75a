-- add_waiting_letters.sql: records that wait behind another of their lane, in the order of their delivery, once each; not those whose effect is
-- had already. The caller holds the lanes.
INSERT INTO dead_letters (
    consumer, reason, day, set_aside_at, topic, kafka_partition, kafka_offset, record_timestamp_ms, sealed_key, event_id, sealed, lane, traceparent
)
SELECT $1, $2, $3::date, $4, topic, kafka_partition, kafka_offset, record_timestamp_ms, sealed_key, event_id, sealed, lane, traceparent
FROM unnest($5::text[], $6::integer[], $7::bigint[], $8::bigint[], $9::bytea[], $10::uuid[], $11::bytea[], $12::bytea[], $13::text[], $14::uuid[])
    WITH ORDINALITY AS new (
        topic, kafka_partition, kafka_offset, record_timestamp_ms, sealed_key, event_id, sealed, lane, traceparent, noted_as, n
    )
WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.consumer = $1 AND inbox.event_id = new.noted_as)
ORDER BY n
ON CONFLICT (consumer, topic, kafka_partition, kafka_offset, record_timestamp_ms) DO NOTHING
RETURNING id
