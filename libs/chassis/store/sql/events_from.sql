-- events_from.sql: the events of each stream from a version on to another, both included, each stream in its order.
SELECT e.* FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS wanted (stream, first, last)
JOIN events e ON e.stream = wanted.stream AND e.version BETWEEN wanted.first AND wanted.last
ORDER BY e.stream, e.version
