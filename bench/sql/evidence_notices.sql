-- evidence_notices.sql: every notice; seq is that of the event that caused it.
SELECT notice_id, request_id, seq, role, channel, state FROM notifier.notices
