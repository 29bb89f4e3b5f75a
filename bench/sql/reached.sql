-- reached.sql: how much of a burst of $1 is registered, stands in history with its first status, has its letter handed over; of the parts in $2.
-- It is asked again and again while the machine works: what takes a look at all rows is asked only when a cheap look says that it may be so.
SELECT
    CASE WHEN 'registered' = ANY($2::text[]) THEN (SELECT count(*) FROM intake.requests WHERE number IS NOT NULL) END AS registered,
    CASE WHEN 'in_history' = ANY($2::text[]) AND (SELECT count(*) FROM history.request_numbers) >= 2 * $1::bigint
        THEN (SELECT count(DISTINCT aggregate_id) FROM history.log WHERE type = 'RequestStatusChanged') END AS in_history,
    CASE WHEN 'handed_over' = ANY($2::text[])
        AND NOT EXISTS (SELECT FROM notifier.notices WHERE channel = 'email' AND state IN ('planned', 'sending', 'deferred', 'unknown'))
        THEN (SELECT count(DISTINCT request_id) FROM notifier.notices WHERE channel = 'email' AND state = 'accepted') END AS handed_over
