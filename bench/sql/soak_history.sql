-- soak_history.sql: how many entries of each type the log holds, and how many different things they are about.
SELECT type, count(*) AS entries, count(DISTINCT coalesce(open ->> 'external_id', open ->> 'notice_id', aggregate_id)) AS different
FROM history.log GROUP BY type
