-- close_lane.sql: records of this lane are handled as they come again; the caller holds it and saw it empty.
DELETE FROM dead_letter_lanes WHERE consumer = $1 AND lane = $2
