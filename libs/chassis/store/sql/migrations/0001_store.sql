-- 0001_store.sql: what every service keeps: events, keys, outbox, inbox, dead letters. Runs as the owner of the service's schema.
CREATE TABLE events (
    stream text NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    event_id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    type_version integer NOT NULL,
    thread_id uuid NOT NULL,
    client_id uuid,
    actor_role text,
    actor_id text,
    point text,
    correlation_id uuid,
    causation_id uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    open jsonb NOT NULL,
    sealed bytea,
    PRIMARY KEY (stream, version)
);
COMMENT ON TABLE events IS 'append-only; (stream, version) lets exactly one writer win';

CREATE TABLE thread_keys (
    thread_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    master_key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE outbox_id;
CREATE TABLE outbox (
    id bigint NOT NULL DEFAULT nextval('outbox_id'),
    day date NOT NULL,
    shard smallint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    event_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    headers jsonb NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX outbox_pending ON outbox (shard, id);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE TABLE outbox_leases (
    shard smallint PRIMARY KEY,
    owner text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE outbox_parked (
    topic text NOT NULL,
    key text NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, key)
);

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_age ON inbox (seen_at);

CREATE TABLE dead_letter_keys (
    day date PRIMARY KEY,
    wrapped bytea NOT NULL,
    master_key_id text NOT NULL
);
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    record_timestamp_ms bigint NOT NULL,
    key bytea,
    event_id uuid,
    reason text NOT NULL,
    day date NOT NULL REFERENCES dead_letter_keys,
    sealed bytea NOT NULL,
    set_aside_at timestamptz NOT NULL,
    UNIQUE (consumer, topic, kafka_partition, kafka_offset, record_timestamp_ms)
);

-- The application's role has no right to create or drop tables; this is all that it may do to the outbox's days.
CREATE FUNCTION outbox_rotate(today date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wanted date;
    old record;
    pending boolean;
BEGIN
    SET LOCAL lock_timeout = '2s';
    FOR wanted IN SELECT today + n FROM generate_series(0, 2) AS n LOOP
        IF to_regclass(format('outbox_%s', to_char(wanted, 'YYYYMMDD'))) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)',
                    'outbox_' || to_char(wanted, 'YYYYMMDD'), wanted, wanted + 1);
            EXCEPTION WHEN check_violation THEN
                NULL; -- rows of that day already lie in the default partition; they stay there until they are sent
            END;
        END IF;
    END LOOP;
    FOR old IN
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'outbox'::regclass AND child.relname ~ '^outbox_\d{8}$'
            AND to_date(right(child.relname, 8), 'YYYYMMDD') < today - 1
    LOOP
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', old.relname);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', old.relname) INTO pending;
        IF NOT pending THEN
            EXECUTE format('DROP TABLE %I', old.relname);
        END IF;
    END LOOP;
END $$;
