-- end_provider_sessions.sql: those that the provider vouched for and has ended: of subject $1, in its session $2; one of both may be NULL.
-- A session of which it never told the name ends with its subject.
DELETE FROM sessions
WHERE
    by_provider
    AND ($1::bytea IS NULL OR provider_subject = $1)
    AND ($2::bytea IS NULL OR provider_session = $2 OR ($1 IS NOT NULL AND provider_session IS NULL))
RETURNING account_id
