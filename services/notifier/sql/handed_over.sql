-- handed_over.sql: notices that a frontend was given and has not reported of; locked in the order of ids, so two batches can't deadlock.
SELECT * FROM notices
WHERE notice_id = ANY($1::uuid[]) AND channel = 'frontend' AND state = 'accepted'
ORDER BY notice_id
FOR UPDATE
