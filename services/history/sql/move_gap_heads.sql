-- move_gap_heads.sql: the highest number heard of each of these aggregates from now on; only the holder of all places comes here.
INSERT INTO aggregate_heads (producer, topic, aggregate_id, highest)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (aggregate_id, topic, producer) DO UPDATE SET highest = excluded.highest
