-- first_event.sql: the first event of a stream.
SELECT * FROM events WHERE stream = $1 AND version = 1
