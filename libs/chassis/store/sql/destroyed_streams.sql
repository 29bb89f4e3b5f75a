-- destroyed_streams.sql: streams of a category in which something can't be opened any more, because its thread was destroyed.
SELECT DISTINCT stream FROM events
WHERE starts_with(stream, $1) AND sealed IS NOT NULL
    AND EXISTS (SELECT FROM destroyed_threads WHERE destroyed_threads.thread_id = events.thread_id)
    AND NOT EXISTS (SELECT FROM thread_keys WHERE thread_keys.thread_id = events.thread_id)
