-- letter_failed.sql: a record could not be handled this time either; the reason that it had before tells whether it only waited.
UPDATE dead_letters new SET reason = $2, asked_at = NULL
FROM (SELECT id, reason FROM dead_letters WHERE id = $1 AND settled_at IS NULL FOR UPDATE) AS old
WHERE new.id = old.id
RETURNING old.reason
