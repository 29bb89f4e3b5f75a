-- leave_address.sql: unfinished e-mail notices before a change of the address, marked; locked in the order of ids: two batches can't deadlock.
WITH earlier AS (
    SELECT n.notice_id
    FROM notices n
    JOIN unnest($1::text[], $2::bigint[]) AS change (request_id, seq) ON n.request_id = change.request_id AND n.seq < change.seq
    WHERE n.request_id = ANY($1::text[]) AND n.role = 'email' AND n.state IN ('planned', 'sending', 'deferred', 'unknown')
    ORDER BY n.notice_id
    FOR UPDATE OF n
)
UPDATE notices n
SET address_left = true
FROM earlier
WHERE n.notice_id = earlier.notice_id
RETURNING n.*
