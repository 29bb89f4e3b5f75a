-- keep_view.sql: a new view, or the same with another name; whose it is and what it shows never changes.
INSERT INTO views (view_id, owner, name, filters, shared) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (view_id) DO UPDATE SET name = excluded.name, shared = excluded.shared
