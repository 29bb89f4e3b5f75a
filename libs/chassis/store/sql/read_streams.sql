-- read_streams.sql: the events of these streams, each in its order.
SELECT * FROM events WHERE stream = ANY($1::text[]) ORDER BY stream, version
