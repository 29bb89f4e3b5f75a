-- log_length.sql: how many entries the log holds; positions have no gap.
SELECT coalesce(sum(position), 0)::bigint FROM history.log_heads
