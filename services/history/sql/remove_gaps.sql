-- remove_gaps.sql: these ranges are filled, or come back as what is left of them.
DELETE FROM gaps USING unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS gone (producer, topic, aggregate_id, from_seq)
WHERE gaps.producer = gone.producer AND gaps.topic = gone.topic AND gaps.aggregate_id = gone.aggregate_id AND gaps.from_seq = gone.from_seq
