-- append_events.sql: the primary key (stream, version) lets exactly one writer win; nothing is written when a stream of $17 is not at its version of $18.
INSERT INTO events (
    stream, version, event_id, type, type_version, thread_id, client_id, actor_role, actor_id, point,
    correlation_id, causation_id, occurred_at, recorded_at, open, sealed
)
SELECT * FROM unnest(
    $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::integer[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[],
    $11::uuid[], $12::uuid[], $13::timestamptz[], $14::timestamptz[], $15::jsonb[], $16::bytea[]
)
WHERE (
    SELECT count(*) FROM unnest($17::text[], $18::bigint[]) AS before (stream, version) JOIN events USING (stream, version)
) = cardinality($17::text[])
