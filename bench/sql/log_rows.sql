-- log_rows.sql: the log as it stands, batch after batch: all rows of a batch bear one time.
SELECT * FROM history.log ORDER BY stored_at, shard, position
