-- forget_attachments.sql: their copies are gone.
DELETE FROM attachments WHERE upload_id = ANY($1::uuid[])
