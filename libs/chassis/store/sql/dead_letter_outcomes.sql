-- dead_letter_outcomes.sql: what became of these, what stands first in their lanes now, and whether anything there is still to be tried.
SELECT d.id, d.reason, d.outcome, first.id AS first_id, first.reason AS first_reason,
    CASE WHEN d.lane IS NULL THEN d.asked_at IS NOT NULL ELSE coalesce(first.reason = $2 OR first.asked_at IS NOT NULL, false) END AS moves
FROM dead_letters d LEFT JOIN LATERAL (
    SELECT f.id, f.reason, f.asked_at FROM dead_letters f
    WHERE f.consumer = d.consumer AND f.lane = d.lane AND f.settled_at IS NULL
    ORDER BY f.id LIMIT 1
) AS first ON true
WHERE d.id = ANY($1::bigint[])
ORDER BY d.id
