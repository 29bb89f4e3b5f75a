-- refuse_attachment.sql: what was handed over is no use; another object may have come meanwhile, and counts.
UPDATE attachments SET state = 'refused', reason = $3 WHERE upload_id = $1 AND object_id = $2 AND state = 'due'
