-- backup_counted.sql: every table of these schemas but the named ones; partitions are rows of their parent.
SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1::text[]) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL($2::text[]) ORDER BY 1, 2
