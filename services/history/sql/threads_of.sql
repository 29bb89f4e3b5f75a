-- threads_of.sql: the threads that belong to any of these clients and to any of these requests; null: whoever's.
SELECT DISTINCT thread_id FROM thread_links
WHERE ($1::uuid[] IS NULL OR client_id = ANY($1)) AND ($2::text[] IS NULL OR request_id = ANY($2))
