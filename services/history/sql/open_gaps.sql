-- open_gaps.sql: everything that is missing, the oldest first.
SELECT producer, topic, aggregate_id, from_seq, to_seq, noticed_at, ask_at, asked FROM gaps
ORDER BY noticed_at, producer, topic, aggregate_id, from_seq LIMIT $1
