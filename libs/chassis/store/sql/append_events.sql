-- append_events.sql: the primary key (stream, version) lets exactly one writer win; the whole batch fails if any of it is late.
INSERT INTO events (
    stream, version, event_id, type, type_version, thread_id, client_id, actor_role, actor_id, point,
    correlation_id, causation_id, occurred_at, recorded_at, open, sealed
)
SELECT * FROM unnest(
    $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::integer[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[],
    $11::uuid[], $12::uuid[], $13::timestamptz[], $14::timestamptz[], $15::jsonb[], $16::bytea[]
)
