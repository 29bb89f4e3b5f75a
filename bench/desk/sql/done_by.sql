-- done_by.sql: what these accounts did to requests; the status that follows from a fact is told beside it.
SELECT actor_id, substr(stream, length('request-') + 1) AS request, version, type
FROM intake.events
WHERE starts_with(stream, 'request-') AND actor_id = ANY($1::text[]) AND type <> 'RequestStatusChanged'
ORDER BY stream, version
