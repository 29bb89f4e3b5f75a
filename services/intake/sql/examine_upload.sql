-- examine_upload.sql: what the virus scanner said of it.
UPDATE uploads SET state = $2, sealed = $3 WHERE upload_id = $1
