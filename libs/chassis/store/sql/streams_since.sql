-- streams_since.sql: streams that grew since a moment, and the first version of each that did; one look at the table, found by its BRIN index.
SELECT stream, min(version) AS first FROM events WHERE recorded_at >= $1 GROUP BY stream ORDER BY stream
