-- arrivals_of.sql: the channels and points at which requests of these clients came, each once and sorted.
SELECT
    coalesce(array_agg(DISTINCT channel) FILTER (WHERE channel IS NOT NULL), '{}') AS channels,
    coalesce(array_agg(DISTINCT point) FILTER (WHERE point IS NOT NULL), '{}') AS points
FROM thread_links
WHERE client_id = ANY($1::uuid[])
