-- lane_letters.sql: the first records of a lane, in order; the caller holds it.
SELECT * FROM dead_letters WHERE consumer = $1 AND lane = $2 AND settled_at IS NULL ORDER BY id LIMIT $3
