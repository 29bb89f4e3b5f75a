-- claim_notices.sql: due notices of a channel, each to one claimer for $2 seconds; none while an earlier one of its request, role and address is
-- unfinished. Not those of $4, which the claimer has in hand; only with $5 those whose lease has ended. Asked of one due notice after another
-- until there are enough (OFFSET 0): a claim costs the same however many wait.
WITH due AS (
    SELECT n.notice_id, n.state AS before
    FROM notices n
    WHERE n.channel = $1 AND n.due_at <= now() AND n.state IN ('planned', 'sending', 'deferred', 'unknown')
        AND NOT n.notice_id = ANY($4::uuid[]) AND ($5 OR n.state <> 'sending')
        AND NOT EXISTS (
            SELECT FROM notices earlier
            WHERE earlier.request_id = n.request_id AND earlier.role = n.role AND earlier.seq < n.seq
                AND earlier.state IN ('planned', 'sending', 'deferred', 'unknown') AND NOT earlier.address_left
            OFFSET 0
        )
    ORDER BY n.due_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE notices n
SET state = 'sending', attempt = n.attempt + 1, due_at = now() + make_interval(secs => $2), first_tried_at = coalesce(n.first_tried_at, now())
FROM due
WHERE n.notice_id = due.notice_id
RETURNING n.*, due.before, now() - n.first_tried_at AS tried_for
