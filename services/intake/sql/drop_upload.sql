-- drop_upload.sql: it is to be removed, and no message can name it any more.
UPDATE uploads SET state = 'going' WHERE upload_id = $1 AND request_id IS NULL
