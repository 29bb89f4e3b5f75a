-- streams_at.sql: how many of these streams have reached their version.
SELECT count(*) FROM unnest($1::text[], $2::bigint[]) AS before (stream, version) JOIN events USING (stream, version)
