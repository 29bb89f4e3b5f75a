-- next_streams.sql: names of a category's streams after $2, in order; for rebuilding read models.
SELECT DISTINCT stream FROM events WHERE starts_with(stream, $1) AND stream > $2 ORDER BY stream LIMIT $3
