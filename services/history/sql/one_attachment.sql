-- one_attachment.sql: a file by the id that intake gave it.
SELECT upload_id, request_id, thread_id, copy_id, object_id, state, sealed FROM attachments WHERE upload_id = $1
