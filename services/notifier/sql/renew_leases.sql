-- renew_leases.sql: who has notices in hand keeps them for $3 more seconds, while no one else has claimed;
-- a row that somebody is just changing is left out, so nothing deadlocks.
WITH held AS (
    SELECT n.notice_id
    FROM notices n
    JOIN unnest($1::uuid[], $2::integer[]) AS mine (notice_id, attempt) ON n.notice_id = mine.notice_id AND n.attempt = mine.attempt
    WHERE n.notice_id = ANY($1::uuid[]) AND n.state = 'sending' -- the ids again: as in settle_notices.sql
    FOR UPDATE OF n SKIP LOCKED
)
UPDATE notices n
SET due_at = now() + make_interval(secs => $3)
FROM held
WHERE n.notice_id = held.notice_id
RETURNING n.notice_id, n.attempt
