-- progress.sql: how far a message has come: registered by intake, its request in history, its letter handed over by the notifier.
SELECT
    EXISTS (SELECT FROM intake.requests r WHERE r.request_id = m.request_id AND r.number IS NOT NULL) AS intake,
    EXISTS (SELECT FROM history.log l WHERE l.thread_id = m.request_id AND l.type = 'RequestStatusChanged') AS history,
    EXISTS (
        SELECT FROM notifier.notices n WHERE n.request_id = m.request_id::text AND n.channel = 'email' AND n.state = 'accepted'
    ) AS notifier
FROM intake.messages m WHERE m.external_id = $1
