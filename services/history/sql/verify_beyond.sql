-- verify_beyond.sql: rows that stand behind the head of their shard, or in a shard without one.
SELECT log.shard, log.position, log.event_id FROM log LEFT JOIN log_heads AS head USING (shard)
WHERE head.shard IS NULL OR log.position > head.position OR log.position < 1
ORDER BY log.shard, log.position LIMIT $1
