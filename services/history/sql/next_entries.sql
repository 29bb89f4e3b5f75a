-- next_entries.sql: a shard's entries in the order of the log, after position $2 and up to $3.
SELECT * FROM log WHERE shard = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4
