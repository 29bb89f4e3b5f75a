-- category_events.sql: the events of a category but of the streams $2, stream by stream, each in its order; for rebuilding read models.
SELECT * FROM events WHERE starts_with(stream, $1) AND stream <> ALL($2::text[]) ORDER BY stream, version
