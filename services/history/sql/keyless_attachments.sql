-- keyless_attachments.sql: files of threads that were destroyed, some at a time.
SELECT upload_id, copy_id FROM attachments
WHERE NOT EXISTS (SELECT FROM thread_keys WHERE thread_keys.thread_id = attachments.thread_id) ORDER BY upload_id LIMIT $1
