-- ask_for_letters.sql: these are to be tried again, all or by id, reason or lane; what only waits comes by itself.
UPDATE dead_letters SET asked_at = $1
WHERE settled_at IS NULL AND reason <> $2
    AND ($3::text IS NULL OR consumer = $3) AND ($4::bigint IS NULL OR id = $4) AND ($5::text IS NULL OR reason = $5)
    AND ($6::bytea[] IS NULL OR lane = ANY($6::bytea[]))
RETURNING id
