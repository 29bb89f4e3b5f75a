-- add_thread_links.sql: what entries said of threads, each word once; rows are sorted by the caller, so that two batches can't deadlock.
INSERT INTO thread_links (thread_id, client_id, request_id, point, channel)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (thread_id, client_id, request_id, point, channel) DO NOTHING
