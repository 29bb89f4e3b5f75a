-- queue_state.sql: by channel, how many notices are unfinished and since how many seconds the oldest is due; what waits in a lease is not due.
SELECT channel, count(*) AS unfinished, greatest(0, coalesce(extract(epoch FROM now() - min(due_at)), 0))::float8 AS age
FROM (SELECT channel, due_at FROM notices WHERE state IN ('planned', 'sending', 'deferred', 'unknown') LIMIT 100000) AS waiting
GROUP BY channel
