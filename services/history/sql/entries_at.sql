-- entries_at.sql: the entries at these places; the time of storing names the one partition where each can be.
SELECT log.* FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[]) AS wanted (shard, position, stored_at)
JOIN log USING (shard, position, stored_at)
