-- reached.sql: how much of a burst of $1 is registered, and then how much stands in history with its first status and has its letter handed over.
WITH register AS MATERIALIZED (SELECT count(*) AS registered FROM intake.requests WHERE number IS NOT NULL)
SELECT
    registered,
    CASE WHEN registered >= $1::bigint THEN (SELECT count(DISTINCT aggregate_id) FROM history.log WHERE type = 'RequestStatusChanged') ELSE 0 END
        AS in_history,
    CASE WHEN registered >= $1::bigint
        THEN (SELECT count(DISTINCT request_id) FROM notifier.notices WHERE channel = 'email' AND state = 'accepted') ELSE 0 END
        AS handed_over
FROM register
