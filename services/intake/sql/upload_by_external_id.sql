-- upload_by_external_id.sql: the one upload that a frontend knows by this id, or none.
SELECT upload_id, frontend, thread_id, state, size, sealed, request_id FROM uploads
WHERE frontend = $1 AND external_id = $2 AND state NOT IN ('receiving', 'going')
