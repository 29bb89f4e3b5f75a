-- settle_notices.sql: the outcome of an attempt counts while its claim stands; who came late changes nothing. What is finished is forgotten.
UPDATE notices n
SET state = s.state, reason = s.reason, provider_ref = coalesce(s.provider_ref, n.provider_ref), version = s.version, due_at = now() + s.pause,
    finished_at = CASE WHEN s.finished THEN coalesce(n.finished_at, $9::timestamptz) END, sealed = CASE WHEN s.finished THEN NULL ELSE n.sealed END
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::interval[], $8::boolean[])
    AS s (notice_id, attempt, state, reason, provider_ref, version, pause, finished)
WHERE n.notice_id = s.notice_id AND n.attempt = s.attempt AND n.state = ANY($10::text[])
RETURNING n.notice_id
