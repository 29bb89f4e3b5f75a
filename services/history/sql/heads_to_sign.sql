-- heads_to_sign.sql: every head as it is committed, beside the hash of the one row, if any, that stands where its shard was signed last.
SELECT head.shard, head.position, head.hash, signed.hash AS signed_hash
FROM log_heads AS head
LEFT JOIN unnest($1::smallint[], $2::bigint[]) AS last (shard, position) ON last.shard = head.shard
LEFT JOIN LATERAL (
    SELECT (array_agg(hash))[1] AS hash FROM log WHERE log.shard = last.shard AND log.position = last.position HAVING count(*) = 1
) AS signed ON true
ORDER BY head.shard
