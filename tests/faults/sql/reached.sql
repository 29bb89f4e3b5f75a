-- reached.sql: how much of what was offered is registered, stands in history with its first status, and has its letter handed over.
SELECT
    (SELECT count(*) FROM intake.requests WHERE number IS NOT NULL) AS registered,
    (SELECT count(DISTINCT aggregate_id) FROM history.log WHERE type = 'RequestStatusChanged') AS in_history,
    (SELECT count(DISTINCT request_id) FROM notifier.notices WHERE channel = 'email' AND state = 'accepted') AS handed_over
