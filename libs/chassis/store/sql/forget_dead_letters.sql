-- forget_dead_letters.sql: what lay here for thirty days goes, settled or not; what waited behind it is tried then.
DELETE FROM dead_letters WHERE day < $1 RETURNING id, consumer, topic, kafka_partition, kafka_offset, reason, settled_at
