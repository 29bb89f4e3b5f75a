-- settle_letters.sql: these are done with.
UPDATE dead_letters SET settled_at = $2, outcome = $3, dropped_because = $4, asked_at = NULL WHERE id = ANY($1::bigint[]) AND settled_at IS NULL
