-- requests_by_number.sql: the requests that bear one of these numbers.
SELECT DISTINCT request_id FROM request_numbers WHERE number = ANY($1::text[]) ORDER BY request_id
