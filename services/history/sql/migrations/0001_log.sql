-- 0001_log.sql: the interaction log: shards with a locked head, gap-free positions, each event id once for its whole life.
CREATE TABLE log_heads (
    shard smallint PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE log_heads IS 'the last position and hash of each shard; whoever appends locks its row';
INSERT INTO log_heads (shard, hash)
SELECT n, sha256(convert_to('otklik-history-1 shard ' || n, 'UTF8')) FROM generate_series(0, 7) AS n;

CREATE TABLE log_ids (
    event_id uuid PRIMARY KEY,
    shard smallint NOT NULL,
    position bigint NOT NULL,
    stored_at timestamptz NOT NULL
);
COMMENT ON TABLE log_ids IS 'append-only; never partitioned, because a partitioned table cannot keep an id unique for ever';

CREATE TABLE log (
    shard smallint NOT NULL,
    position bigint NOT NULL,
    stored_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    version integer NOT NULL,
    authority text NOT NULL,
    producer text NOT NULL,
    aggregate_id text NOT NULL,
    seq bigint,
    thread_id uuid NOT NULL,
    client_id uuid,
    request_id text,
    point text,
    channel text,
    actor_role text,
    actor_id text,
    correlation_id uuid,
    causation_id uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    topic text,
    kafka_partition integer,
    kafka_offset bigint,
    record_timestamp_ms bigint,
    open json NOT NULL,
    sealed bytea STORAGE EXTERNAL,
    commitment bytea,
    hash bytea NOT NULL,
    PRIMARY KEY (shard, position, stored_at)
) PARTITION BY RANGE (stored_at);
COMMENT ON TABLE log IS 'append-only; (shard, position) has no gap, hash chains each row to the one before it';
COMMENT ON COLUMN log.open IS 'json, not jsonb: the hash is over this very text';
COMMENT ON COLUMN log.sealed IS 'the rest of the payload under the key of its thread, bound to event_id';
CREATE INDEX log_of_thread ON log (thread_id, occurred_at);
CREATE INDEX log_of_period ON log (occurred_at);
CREATE INDEX log_of_staff ON log (actor_id, occurred_at) WHERE actor_role NOT IN ('client', 'frontend', 'system');
CREATE INDEX log_of_audits ON log (occurred_at) WHERE type = 'HistoryViewed';
CREATE TABLE log_default PARTITION OF log DEFAULT;

-- Read models: functions of the log alone (domain/links.py), rebuilt from it; none of their columns is personal.
CREATE TABLE thread_links (
    thread_id uuid NOT NULL,
    client_id uuid,
    request_id text,
    point text,
    channel text,
    UNIQUE NULLS NOT DISTINCT (thread_id, client_id, request_id, point, channel)
);
CREATE INDEX thread_links_of_client ON thread_links (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX thread_links_of_request ON thread_links (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE request_numbers (
    number text NOT NULL,
    request_id text NOT NULL,
    PRIMARY KEY (number, request_id)
);

CREATE TABLE client_links (
    one uuid NOT NULL,
    other uuid NOT NULL,
    linked boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
CREATE INDEX client_links_of_other ON client_links (other);

-- The application's role has no right to create tables; this is all that it may do to the log's months.
CREATE FUNCTION log_make_months(today date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wanted timestamp;
BEGIN
    SET LOCAL lock_timeout = '2s';
    FOR wanted IN SELECT date_trunc('month', today::timestamp) + make_interval(months => n) FROM generate_series(0, 2) AS n LOOP
        IF to_regclass(format('log_%s', to_char(wanted, 'YYYYMM'))) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF log FOR VALUES FROM (%L) TO (%L)',
                    'log_' || to_char(wanted, 'YYYYMM'),
                    wanted AT TIME ZONE 'UTC', (wanted + interval '1 month') AT TIME ZONE 'UTC');
            EXCEPTION WHEN check_violation THEN
                NULL; -- entries of that month already lie in the default partition, and stay there
            END;
        END IF;
    END LOOP;
END $$;
SELECT log_make_months((now() AT TIME ZONE 'UTC')::date);
