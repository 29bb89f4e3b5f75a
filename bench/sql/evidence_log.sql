-- evidence_log.sql: the log in the order of its positions.
SELECT event_id, type, producer, aggregate_id, seq, topic, shard, position, open ->> 'external_id' FROM history.log ORDER BY shard, position
