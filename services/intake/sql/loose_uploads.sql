-- loose_uploads.sql: what a dialogue has sent and no message has named yet, what is still on its way included.
SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes FROM uploads
WHERE thread_id = $1 AND request_id IS NULL AND state <> 'going'
