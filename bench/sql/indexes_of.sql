-- indexes_of.sql: the indexes of a schema's tables, those of partitions left out, as "table: [unique] columns and condition".
SELECT table_of.relname || ': ' || CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
    || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '') AS says
FROM pg_index i
JOIN pg_class table_of ON table_of.oid = i.indrelid
JOIN pg_namespace n ON n.oid = table_of.relnamespace
WHERE n.nspname = $1 AND table_of.relname = ANY($2::text[])
ORDER BY says
