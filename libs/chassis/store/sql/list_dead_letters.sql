-- list_dead_letters.sql: what was set aside and is not settled, each with how many records of its key lie behind it.
SELECT d.*, (
    SELECT count(*) FROM dead_letters b WHERE b.consumer = d.consumer AND b.lane = d.lane AND b.settled_at IS NULL AND b.id > d.id
) AS behind
FROM dead_letters d
WHERE d.settled_at IS NULL AND d.reason <> $1 AND ($2::text IS NULL OR d.reason = $2)
ORDER BY d.id LIMIT $3
