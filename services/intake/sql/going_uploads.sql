-- going_uploads.sql: what is to be removed, some at a time.
SELECT upload_id FROM uploads WHERE state = 'going' ORDER BY upload_id LIMIT $1
