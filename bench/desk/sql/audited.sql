-- audited.sql: what the audit has of these accounts, by what it calls the page or the act.
SELECT actor_id, type, open ->> 'what' AS what, count(*) AS count
FROM intake.events WHERE starts_with(stream, 'audit-') AND actor_id = ANY($1::text[])
GROUP BY 1, 2, 3
