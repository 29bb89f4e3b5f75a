-- evidence_left.sql: records that no broker has yet, records set aside, notices that are not finished.
SELECT
    (SELECT count(*) FROM intake.outbox) + (SELECT count(*) FROM history.outbox) + (SELECT count(*) FROM notifier.outbox) AS waiting,
    (SELECT count(*) FROM intake.dead_letters) + (SELECT count(*) FROM history.dead_letters)
        + (SELECT count(*) FROM notifier.dead_letters) AS set_aside,
    (SELECT count(*) FROM notifier.notices WHERE finished_at IS NULL) AS unfinished
