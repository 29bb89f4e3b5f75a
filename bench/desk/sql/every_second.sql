-- every_second.sql: every second request that waits for its classification, the oldest first.
SELECT request_id FROM (
    SELECT request_id, row_number() OVER (ORDER BY request_id) AS place FROM requests WHERE status = 'registered'
) AS waiting
WHERE place % 2 = 0 ORDER BY request_id
