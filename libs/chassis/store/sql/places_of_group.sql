-- places_of_group.sql: how far a consumer group was when all was well the last time.
SELECT topic, kafka_partition, topic_id, next_offset, caught_up_at FROM consumer_places WHERE consumer_group = $1
