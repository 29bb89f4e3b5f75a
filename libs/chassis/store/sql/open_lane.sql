-- open_lane.sql: from now on records of this lane wait. The update that changes nothing waits for whoever closes it, and then opens it again.
INSERT INTO dead_letter_lanes AS held (consumer, lane, opened_at) VALUES ($1, $2, $3)
ON CONFLICT (consumer, lane) DO UPDATE SET opened_at = held.opened_at
