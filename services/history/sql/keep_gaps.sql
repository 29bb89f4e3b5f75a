-- keep_gaps.sql: these ranges are missing; of a range that was known to be, only when it was asked for changes.
INSERT INTO gaps (producer, topic, aggregate_id, from_seq, to_seq, noticed_at, ask_at, asked)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::integer[]
)
ON CONFLICT (aggregate_id, topic, producer, from_seq) DO UPDATE SET ask_at = excluded.ask_at, asked = excluded.asked
