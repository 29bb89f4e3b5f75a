-- move_gap_places.sql: the search stands here now; only the holder of all places comes here.
UPDATE gap_places AS place SET position = new.position
FROM unnest($1::smallint[], $2::bigint[]) AS new (shard, position) WHERE place.shard = new.shard
