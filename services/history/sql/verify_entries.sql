-- verify_entries.sql: a shard's rows after ($2, $3) and up to position $4, doubled positions too, each beside what the id table says of it.
SELECT log.*, ids.shard AS id_shard, ids.position AS id_position, ids.stored_at AS id_stored_at
FROM log LEFT JOIN log_ids AS ids ON ids.event_id = log.event_id
WHERE log.shard = $1 AND (log.position, log.stored_at) > ($2, $3::timestamptz) AND log.position <= $4
ORDER BY log.position, log.stored_at LIMIT $5
