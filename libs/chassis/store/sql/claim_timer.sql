-- claim_timer.sql: of the timers that are due the first, locked; one that somebody else has in hand is passed over.
SELECT id, kind, key, due_at, payload, failures FROM timers
WHERE try_at <= $2 AND kind = ANY($1::text[])
ORDER BY try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
