-- places_of_ids.sql: which of these ids stand in the log, and where.
SELECT event_id, shard, position, stored_at FROM log_ids WHERE event_id = ANY($1::uuid[])
