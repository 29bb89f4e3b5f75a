-- verify_entries.sql: a shard's rows after ($2, $3) and up to position $4, doubled positions too, each beside what the id table says of it;
-- place and entry come first, in the order in which the chain hashes them.
SELECT log.shard, log.position, log.stored_at, log.event_id, log.type, log.version, log.authority, log.producer, log.aggregate_id, log.seq,
    log.thread_id, log.client_id, log.request_id, log.point, log.channel, log.actor_role, log.actor_id, log.correlation_id, log.causation_id,
    log.occurred_at, log.recorded_at, log.topic, log.kafka_partition, log.kafka_offset, log.record_timestamp_ms, log.open,
    log.sealed, log.commitment, log.hash, ids.shard AS id_shard, ids.position AS id_position, ids.stored_at AS id_stored_at
FROM log LEFT JOIN log_ids AS ids ON ids.event_id = log.event_id
WHERE log.shard = $1 AND (log.position, log.stored_at) > ($2, $3::timestamptz) AND log.position <= $4
ORDER BY log.position, log.stored_at LIMIT $5
