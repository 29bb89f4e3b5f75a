-- next_lanes.sql: lanes whose first record may be tried: somebody asked for it, or what it waited for is gone; and those that are empty.
SELECT l.lane
FROM dead_letter_lanes l LEFT JOIN LATERAL (
    SELECT d.reason, d.asked_at FROM dead_letters d
    WHERE d.consumer = l.consumer AND d.lane = l.lane AND d.settled_at IS NULL
    ORDER BY d.id LIMIT 1
) AS first ON true
WHERE l.consumer = $1 AND (first.reason IS NULL OR first.reason = $2 OR first.asked_at IS NOT NULL)
ORDER BY l.opened_at LIMIT $3
