-- gap_numbers.sql: the numbers of the events in the $3 rows of a shard that follow position $2; positions have no gap, so no more are looked at.
SELECT producer, topic, aggregate_id, array_agg(seq) AS seqs
FROM (
    SELECT producer, topic, aggregate_id, seq FROM log
    WHERE shard = $1 AND position > $2 AND position <= $2 + $3 ORDER BY position LIMIT $3
) AS page
WHERE seq IS NOT NULL AND topic IS NOT NULL
GROUP BY producer, topic, aggregate_id
