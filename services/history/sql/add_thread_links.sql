-- add_thread_links.sql: what entries said of threads, each word once; rows are sorted by the caller, so that two batches can't deadlock.
-- One value instead of five arrays, each element of which the driver would look at twice.
INSERT INTO thread_links (thread_id, client_id, request_id, point, channel)
SELECT thread_id, client_id, request_id, point, channel
FROM jsonb_to_recordset($1) AS said (thread_id uuid, client_id uuid, request_id text, point text, channel text)
ON CONFLICT (thread_id, client_id, request_id, point, channel) DO NOTHING
