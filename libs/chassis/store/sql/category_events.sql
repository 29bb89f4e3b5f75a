-- category_events.sql: the events of a category stream by stream, each in its order; for rebuilding read models.
SELECT * FROM events WHERE starts_with(stream, $1) ORDER BY stream, version
