-- remains_of_requests.sql: what the register still says of requests whose thread was destroyed.
SELECT request_id, reference, reg_no, status, received_at, registered_at, due_on FROM requests WHERE request_id = ANY($1::uuid[])
