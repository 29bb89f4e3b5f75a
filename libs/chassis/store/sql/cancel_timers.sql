-- cancel_timers.sql: these timers are gone; they are locked in the order of their keys, so that two who cancel can't deadlock.
DELETE FROM timers
WHERE id IN (SELECT id FROM timers WHERE kind = $1 AND key = ANY($2::text[]) ORDER BY key FOR UPDATE)
