-- 0006_places.sql: how far each consumer group was, so that what Kafka lost is noticed; what was published again for history; events by their time.
CREATE TABLE consumer_places (
    consumer_group text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    topic_id uuid NOT NULL,
    next_offset bigint NOT NULL,
    caught_up_at timestamptz,
    PRIMARY KEY (consumer_group, topic, kafka_partition)
);
COMMENT ON COLUMN consumer_places.caught_up_at IS 'everything that was sent before this moment was handled';

CREATE TABLE answered_gaps (
    topic text NOT NULL,
    aggregate_id text NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (topic, aggregate_id, from_seq, to_seq)
);

CREATE INDEX events_recorded ON events USING brin (recorded_at);
