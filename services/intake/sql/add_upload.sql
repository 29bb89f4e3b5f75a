-- add_upload.sql: an upload begins. The caller holds the lock of its thread, so what a dialogue may leave lying is never exceeded by two at once.
INSERT INTO uploads (upload_id, frontend, external_id, thread_id, begun_at, state, size) VALUES ($1, $2, $3, $4, $5, 'receiving', $6)
