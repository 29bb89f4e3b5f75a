-- 0002_gaps.sql: which numbers of each aggregate were heard and which are missing; made from the log alone, by reading it from the start.
CREATE TABLE gap_places (
    shard smallint PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE gap_places IS 'up to where each shard of the log was searched; whoever searches locks all of its rows';
INSERT INTO gap_places (shard) SELECT shard FROM log_heads;

CREATE TABLE aggregate_heads (
    producer text NOT NULL,
    topic text NOT NULL,
    aggregate_id text NOT NULL,
    highest bigint NOT NULL CHECK (highest > 0),
    PRIMARY KEY (aggregate_id, topic, producer)
) WITH (fillfactor = 80);
COMMENT ON TABLE aggregate_heads IS 'the highest number heard of each aggregate; what is missing below it stands in gaps';

CREATE TABLE gaps (
    producer text NOT NULL,
    topic text NOT NULL,
    aggregate_id text NOT NULL,
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    noticed_at timestamptz NOT NULL,
    ask_at timestamptz NOT NULL,
    asked integer NOT NULL DEFAULT 0,
    PRIMARY KEY (aggregate_id, topic, producer, from_seq),
    CHECK (0 < from_seq AND from_seq <= to_seq)
);
