-- forget_uploads.sql: their objects are gone.
DELETE FROM uploads WHERE upload_id = ANY($1::uuid[]) AND state = 'going'
