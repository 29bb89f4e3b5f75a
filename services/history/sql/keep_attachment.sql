-- keep_attachment.sql: the copy is there; the key of what was handed over is not needed any more.
UPDATE attachments SET state = 'kept', reason = NULL, sealed = $2 WHERE upload_id = $1
