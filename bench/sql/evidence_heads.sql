-- evidence_heads.sql: where each shard of the log ends.
SELECT shard, position FROM history.log_heads
