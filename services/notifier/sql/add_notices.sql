-- add_notices.sql: each notice once, whatever is delivered again; ids are sorted by the caller, so two batches can't deadlock.
INSERT INTO notices (
    notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause, correlation_id, client_id, point,
    traceparent, state, reason, provider_ref, attempt, version, planned_at, due_at, finished_at, sealed
)
SELECT new.notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause, correlation_id, client_id, point,
    traceparent, state, reason, provider_ref, attempt, version, $23, now(), CASE WHEN finished THEN $23::timestamptz END, sealed
FROM unnest(
    $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::uuid[], $11::uuid[],
    $12::uuid[], $13::uuid[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::integer[], $20::bigint[], $21::boolean[],
    $22::bytea[]
) AS new (
    notice_id, request_id, seq, role, channel, frontend, status, template, duplicate_of, thread_id, cause,
    correlation_id, client_id, point, traceparent, state, reason, provider_ref, attempt, version, finished, sealed
)
ON CONFLICT (notice_id) DO NOTHING
RETURNING notice_id
