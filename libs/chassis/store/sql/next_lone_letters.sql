-- next_lone_letters.sql: records without a lane that somebody asked for.
SELECT id FROM dead_letters WHERE consumer = $1 AND lane IS NULL AND settled_at IS NULL AND asked_at IS NOT NULL ORDER BY id LIMIT $2
