-- sealed_tables.sql: tables of a schema with rows under the keys of threads; partitions are rows of their parent.
SELECT quote_ident(c.relname) AS name FROM pg_class c
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('thread_id', 'sealed') AND a.attnum > 0) = 2
ORDER BY 1
