-- lock_heads.sql: the heads of these shards, locked in the order of their numbers, so that two batches can't deadlock.
SELECT shard, position, hash FROM log_heads WHERE shard = ANY($1::smallint[]) ORDER BY shard FOR UPDATE
