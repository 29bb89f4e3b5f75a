-- gap_heads.sql: the highest number heard of each of these aggregates.
SELECT producer, topic, aggregate_id, highest
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (producer, topic, aggregate_id)
JOIN aggregate_heads USING (producer, topic, aggregate_id)
