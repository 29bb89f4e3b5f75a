-- uploads_to_copy.sql: those of requests that history has no copy of, and that do not lie ready for it; $1 limits them to one.
SELECT upload_id, frontend, thread_id, state, size, sealed, request_id FROM uploads
WHERE request_id IS NOT NULL AND copied_at IS NULL AND handed_id IS NULL AND state NOT IN ('receiving', 'going')
    AND ($1::uuid IS NULL OR upload_id = $1)
