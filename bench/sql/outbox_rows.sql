-- outbox_rows.sql: records of intake that the broker has not acknowledged yet, and own records that came back to it.
SELECT (SELECT count(*) FROM intake.outbox) AS waiting, (SELECT count(*) FROM intake.inbox) AS came_back
