-- hand_over_upload.sql: this object of it lies ready for history.
UPDATE uploads SET handed_id = $2 WHERE upload_id = $1
