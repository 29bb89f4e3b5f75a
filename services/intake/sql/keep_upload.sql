-- keep_upload.sql: the object is on the disk. Of two uploads of one id (frontend, external_id) one is kept: the other one fails by the unique index.
UPDATE uploads SET state = $2, size = $3, sealed = $4 WHERE upload_id = $1 AND state = 'receiving'
