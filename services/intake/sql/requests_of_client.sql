-- requests_of_client.sql: the newest requests of a client but this one.
SELECT request_id FROM requests WHERE client_id = $1 AND request_id <> $2 ORDER BY request_id DESC LIMIT $3
