-- remember_newcomer.sql: one row for each identity, with what the provider told last.
INSERT INTO newcomers (mark, sealed, asked_at) VALUES ($1, $2, $3)
ON CONFLICT (mark) DO UPDATE SET sealed = excluded.sealed, asked_at = excluded.asked_at
