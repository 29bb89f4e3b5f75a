-- heads_to_sign.sql: every head as it is committed, and the hash that the log has now where its shard was signed last (null: no such row).
SELECT head.shard, head.position, head.hash, signed.hash AS signed_hash
FROM log_heads AS head
LEFT JOIN unnest($1::smallint[], $2::bigint[]) AS last (shard, position) ON last.shard = head.shard
LEFT JOIN log AS signed ON signed.shard = last.shard AND signed.position = last.position
ORDER BY head.shard
