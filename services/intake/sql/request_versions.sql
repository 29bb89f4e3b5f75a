-- request_versions.sql: the newest version of each of these streams, as of this moment.
SELECT stream, max(version) AS version FROM events WHERE stream = ANY($1::text[]) GROUP BY stream
