-- add_ids.sql: each id once for its whole life; ids are sorted by the caller. An id that is not answered was taken by another shard meanwhile.
INSERT INTO log_ids (event_id, shard, position, stored_at)
SELECT event_id, shard, position, $4 FROM unnest($1::uuid[], $2::smallint[], $3::bigint[]) AS new (event_id, shard, position)
ON CONFLICT (event_id) DO NOTHING
RETURNING event_id
