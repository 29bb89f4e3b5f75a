-- uploads_by_id.sql: those that are kept; each stays as it is until the transaction ends, so no sweep takes what a message names meanwhile.
SELECT upload_id, frontend, thread_id, state, size, sealed, request_id FROM uploads
WHERE upload_id = ANY($1::uuid[]) AND state NOT IN ('receiving', 'going') ORDER BY upload_id FOR UPDATE
