-- claim_notices.sql: due notices of a channel, each to one claimer; none while an earlier one of its request, role and address is unfinished.
WITH due AS (
    SELECT n.notice_id, n.state AS before
    FROM notices n
    WHERE n.channel = $1 AND n.due_at <= $2 AND n.state IN ('planned', 'sending', 'deferred', 'unknown')
        AND NOT EXISTS (
            SELECT FROM notices earlier
            WHERE earlier.request_id = n.request_id AND earlier.role = n.role AND earlier.seq < n.seq
                AND earlier.state IN ('planned', 'sending', 'deferred', 'unknown') AND NOT earlier.address_left
        )
    ORDER BY n.due_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE notices n
SET state = 'sending', attempt = n.attempt + 1, due_at = $3, first_tried_at = coalesce(n.first_tried_at, $2)
FROM due
WHERE n.notice_id = due.notice_id
RETURNING n.*, due.before
