-- events_to_read.sql: whole streams whose thread was not destroyed, each in its order.
SELECT e.* FROM events e
WHERE e.stream = ANY($1::text[]) AND EXISTS (SELECT FROM thread_keys k WHERE k.thread_id = e.thread_id)
ORDER BY e.stream, e.version
