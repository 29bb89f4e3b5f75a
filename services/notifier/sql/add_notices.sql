-- add_notices.sql: each notice once, whatever is delivered again; ids are sorted by the caller, so two batches can't deadlock.
INSERT INTO notices (
    notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause, correlation_id, client_id, point,
    traceparent, state, reason, provider_ref, attempt, version, planned_at, due_at, finished_at, sealed
)
SELECT new.notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause, correlation_id, client_id, point,
    traceparent, state, reason, provider_ref, attempt, version, $3, now(), CASE WHEN finished THEN $3::timestamptz END, sealed
FROM ROWS FROM (
    jsonb_to_recordset($1) AS (
        notice_id uuid, request_id text, seq bigint, role text, channel text, frontend text, status text, template text, duplicate_of uuid,
        thread_id uuid, cause uuid, correlation_id uuid, client_id uuid, point text, traceparent text, state text, reason text,
        provider_ref text, attempt integer, version bigint, finished boolean
    ),
    unnest($2::bytea[])
) AS new (
    notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause,
    correlation_id, client_id, point, traceparent, state, reason, provider_ref, attempt, version, finished, sealed
)
ON CONFLICT (notice_id) DO NOTHING
RETURNING notice_id
