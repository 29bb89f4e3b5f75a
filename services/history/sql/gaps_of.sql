-- gaps_of.sql: what is missing of these aggregates, in the order of the numbers.
SELECT producer, topic, aggregate_id, from_seq, to_seq, noticed_at, ask_at, asked
FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (producer, topic, aggregate_id)
JOIN gaps USING (producer, topic, aggregate_id)
ORDER BY producer, topic, aggregate_id, from_seq
