-- add_dead_letter.sql: a record set aside, once however often it is delivered; the caller holds its lane.
INSERT INTO dead_letters (
    consumer, topic, kafka_partition, kafka_offset, record_timestamp_ms, sealed_key, event_id, reason, day, sealed, set_aside_at, lane, traceparent
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (consumer, topic, kafka_partition, kafka_offset, record_timestamp_ms) DO NOTHING
RETURNING id
