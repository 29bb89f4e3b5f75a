-- keep_places.sql: the newest word on each partition; sorted by the caller, so two replicas can't deadlock.
INSERT INTO consumer_places AS kept (consumer_group, topic, kafka_partition, topic_id, next_offset, caught_up_at)
SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::uuid[], $5::bigint[], $6::timestamptz[])
ON CONFLICT (consumer_group, topic, kafka_partition)
DO UPDATE SET topic_id = excluded.topic_id, next_offset = excluded.next_offset, caught_up_at = excluded.caught_up_at
