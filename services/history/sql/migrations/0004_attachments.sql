-- 0004_attachments.sql: history's own copies of attachments. A work table: that a file was kept is told by the log.
-- `sealed` holds name, type, size and SHA-256 under the key of `thread_id`, and until the file is kept the key of what was handed over.
CREATE TABLE attachments (
    upload_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    copy_id uuid NOT NULL UNIQUE,
    object_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('due', 'kept', 'refused')),
    reason text,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN attachments.copy_id IS 'what lies in history''s own place; the id of the first event that handed the file over';
COMMENT ON COLUMN attachments.object_id IS 'what lay between intake and history last';
CREATE INDEX attachments_of_thread ON attachments (thread_id);
