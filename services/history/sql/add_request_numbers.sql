-- add_request_numbers.sql: numbers of requests, each once; rows are sorted by the caller.
INSERT INTO request_numbers (number, request_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING
