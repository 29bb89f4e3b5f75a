-- keep_profile.sql: the latest of what the authority said; an earlier one that comes late changes nothing.
INSERT INTO profile (authority, version, thread_id, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (authority) DO UPDATE SET version = excluded.version, thread_id = excluded.thread_id, sealed = excluded.sealed
WHERE profile.version < excluded.version
