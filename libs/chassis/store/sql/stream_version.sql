-- stream_version.sql: the version of a stream, 0 when it does not exist.
SELECT coalesce(max(version), 0) FROM events WHERE stream = $1
