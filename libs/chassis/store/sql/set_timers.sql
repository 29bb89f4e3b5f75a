-- set_timers.sql: one timer for each kind and key; who sets it again moves it, and its failures are forgotten.
INSERT INTO timers (kind, key, due_at, try_at, payload)
SELECT kind, key, due_at, due_at, payload
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[]) WITH ORDINALITY AS new (kind, key, due_at, payload, n)
ORDER BY n
ON CONFLICT (kind, key) DO UPDATE
SET due_at = excluded.due_at, try_at = excluded.try_at, payload = excluded.payload, failures = 0
