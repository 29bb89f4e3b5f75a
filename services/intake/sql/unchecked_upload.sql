-- unchecked_upload.sql: an upload that waits for the virus scanner; it is not locked.
SELECT upload_id, frontend, thread_id, state, size, sealed, request_id FROM uploads WHERE upload_id = $1 AND state = 'unchecked'
