-- evidence_published.sql: every event that must have gone to Kafka; the register's own streams are not published.
SELECT event_id, type, stream FROM intake.events WHERE NOT starts_with(stream, 'register-')
UNION ALL
SELECT event_id, type, stream FROM notifier.events
