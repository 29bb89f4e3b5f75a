-- waiting_lanes.sql: which of these lanes wait; locked, so that none is closed while the caller adds to it. Sorted, so two batches can't deadlock.
SELECT lane FROM dead_letter_lanes WHERE consumer = $1 AND lane = ANY($2::bytea[]) ORDER BY lane FOR UPDATE
