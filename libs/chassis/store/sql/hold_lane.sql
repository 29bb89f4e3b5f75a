-- hold_lane.sql: true when the caller holds the lane until its transaction ends; nobody waits for another replica that is at it.
SELECT true FROM dead_letter_lanes WHERE consumer = $1 AND lane = $2 FOR UPDATE SKIP LOCKED
