-- due_dates.sql: until when which open requests of an executor ($1) or a unit ($2) have to be answered, the nearest $3, and when each changed last.
SELECT r.request_id, r.reg_no, r.due_on, last.version, last.recorded_at
FROM requests r
CROSS JOIN LATERAL (SELECT version, recorded_at FROM events WHERE stream = r.stream ORDER BY version DESC LIMIT 1) AS last
WHERE r.open AND r.due_on IS NOT NULL AND (r.executor = $1::text OR r.unit = $2::text)
ORDER BY r.due_on, r.request_id LIMIT $3
