-- unchecked_uploads.sql: every upload that no virus scanner has spoken of.
SELECT upload_id FROM uploads WHERE state = 'unchecked'
