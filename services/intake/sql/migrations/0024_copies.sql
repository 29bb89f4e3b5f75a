-- 0024_copies.sql: history's own copies of attachments: what lies between the two services, how often that was no use, when history had its copy.
ALTER TABLE uploads
    ADD COLUMN handed_id uuid,
    ADD COLUMN not_kept integer NOT NULL DEFAULT 0,
    ADD COLUMN copied_at timestamptz;
CREATE INDEX uploads_without_copy ON uploads (upload_id) WHERE request_id IS NOT NULL AND copied_at IS NULL;
