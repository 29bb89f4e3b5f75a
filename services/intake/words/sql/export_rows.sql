-- export_rows.sql: what the table to take away says of these requests; open columns alone, so that nothing has to be unsealed.
SELECT request_id, reg_no, channel, status, type, topic, urgency, unit, executor, received_at, due_on, open
FROM requests WHERE request_id = ANY($1::uuid[])
