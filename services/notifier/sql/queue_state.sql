-- queue_state.sql: by channel, how many notices are unfinished and since when the oldest is due; what waits in a lease is not due.
SELECT channel, count(*) AS unfinished, min(due_at) FILTER (WHERE due_at <= $1) AS oldest
FROM (SELECT channel, due_at FROM notices WHERE state IN ('planned', 'sending', 'deferred', 'unknown') LIMIT 100000) AS waiting
GROUP BY channel
