-- keep_saved_form.sql: one form under its mark; a later one takes its place.
INSERT INTO saved_forms (mark, sealed, uploads, kept_until) VALUES ($1, $2, $3, $4)
ON CONFLICT (mark) DO UPDATE SET sealed = excluded.sealed, uploads = excluded.uploads, kept_until = excluded.kept_until
