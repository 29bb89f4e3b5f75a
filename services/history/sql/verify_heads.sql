-- verify_heads.sql: where each shard ends; what is read later only up to here needs no long snapshot, because the log only grows.
SELECT shard, position, hash FROM log_heads ORDER BY shard
