-- overdue_timers.sql: since when the oldest timer of each kind is due, whoever would have to run it.
SELECT kind, min(due_at) AS oldest FROM timers WHERE due_at <= $1 GROUP BY kind ORDER BY kind
