-- move_heads.sql: the heads stand at the last of the new entries; only the holder of their locks comes here.
UPDATE log_heads AS head SET position = new.position, hash = new.hash
FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS new (shard, position, hash)
WHERE head.shard = new.shard
