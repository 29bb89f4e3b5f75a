-- messages_kept.sql: every message that intake has kept, and how often.
SELECT frontend || ' ' || external_id AS external_id, count(*) AS count FROM intake.messages GROUP BY 1
