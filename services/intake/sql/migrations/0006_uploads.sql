-- 0006_uploads.sql: bytes that came by the upload door. A work table: what became of them at a request is told by the request's events.
-- `state` is receiving until the object is on the disk, going when it is to be removed, else what the virus scanner said.
-- `sealed` holds name, type, SHA-256 and the scanner's words under the key of `thread_id`; without that key the object goes.
CREATE TABLE uploads (
    upload_id uuid PRIMARY KEY,
    frontend text NOT NULL,
    external_id text NOT NULL,
    thread_id uuid NOT NULL,
    begun_at timestamptz NOT NULL,
    state text NOT NULL,
    size bigint NOT NULL,
    sealed bytea,
    request_id uuid
);
CREATE UNIQUE INDEX uploads_once ON uploads (frontend, external_id) WHERE state NOT IN ('receiving', 'going');
CREATE INDEX uploads_of_thread ON uploads (thread_id);
CREATE INDEX uploads_loose ON uploads (begun_at) WHERE request_id IS NULL;
