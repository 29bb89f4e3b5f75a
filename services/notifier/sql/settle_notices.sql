-- settle_notices.sql: the outcome of an attempt counts while its claim stands; who came late changes nothing. What is finished is forgotten.
-- The ids in $4 again: a plan made while the table was empty, and kept, would look at all of it.
UPDATE notices n
SET state = s.state, reason = s.reason, provider_ref = coalesce(s.provider_ref, n.provider_ref), version = s.version,
    due_at = now() + make_interval(secs => s.pause),
    finished_at = CASE WHEN s.finished THEN coalesce(n.finished_at, $2::timestamptz) END, sealed = CASE WHEN s.finished THEN NULL ELSE n.sealed END
FROM jsonb_to_recordset($1) AS s (
    notice_id uuid, attempt integer, state text, reason text, provider_ref text, version bigint, pause float8, finished boolean
)
WHERE n.notice_id = ANY($4::uuid[]) AND n.notice_id = s.notice_id AND n.attempt = s.attempt AND n.state = ANY($3::text[])
RETURNING n.notice_id
