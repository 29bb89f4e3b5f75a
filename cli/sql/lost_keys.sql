-- lost_keys.sql: how many threads of a table have sealed rows, no key and no note of a destruction.
SELECT count(DISTINCT thread_id) FROM :table AS kept
WHERE sealed IS NOT NULL
    AND NOT EXISTS (SELECT FROM thread_keys WHERE thread_keys.thread_id = kept.thread_id)
    AND NOT EXISTS (SELECT FROM destroyed_threads WHERE destroyed_threads.thread_id = kept.thread_id)
