-- notices_of_request.sql: all notices of one request, in the order of its changes.
SELECT notice_id, seq, channel, frontend, role, status, state, reason, attempt, duplicate_of, planned_at, due_at, finished_at
FROM notices WHERE request_id = $1 ORDER BY seq, role, notice_id LIMIT 1000
