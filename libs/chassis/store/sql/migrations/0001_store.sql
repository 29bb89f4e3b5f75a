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
    sealed_key bytea,
    event_id uuid,
    reason text NOT NULL,
    day date NOT NULL REFERENCES dead_letter_keys,
    sealed bytea NOT NULL,
    set_aside_at timestamptz NOT NULL,
    UNIQUE (consumer, topic, kafka_partition, kafka_offset, record_timestamp_ms)
);

-- The application's role has no right to create or drop tables; this is all that it may do to the outbox's days.
-- Nobody waits for it: what is locked for longer than a moment is left for the next time.
CREATE FUNCTION outbox_rotate(today date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '200ms' AS $$
DECLARE
    wanted date;
    name text;
    pending boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outbox_rotate'), 'outbox'::regclass::oid::integer) THEN
        RETURN; -- the other shard's relay is at it
    END IF;
    FOR wanted IN SELECT today + n FROM generate_series(0, 2) AS n LOOP
        name := 'outbox_' || to_char(wanted, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        BEGIN
            LOCK TABLE ONLY outbox IN ACCESS EXCLUSIVE MODE; -- else a row on its way to the default partition would fail
            EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
        EXCEPTION WHEN check_violation OR lock_not_available THEN
            NULL; -- rows of that day lie in the default partition and stay there until they are sent, or somebody reads the outbox
        END;
    END LOOP;
    FOR name IN
        SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'outbox'::regclass AND child.relname ~ '^outbox_\d{8}$'
            AND to_date(right(child.relname, 8), 'YYYYMMDD') < today - 1
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO pending;
        CONTINUE WHEN pending;
        BEGIN
            LOCK TABLE ONLY outbox IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO pending;
            IF NOT pending THEN
                EXECUTE format('DROP TABLE %I', name);
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
END $$;

DO $$
BEGIN
    -- pg_temp last: what a session names outbox itself must not be taken for ours.
    EXECUTE format('ALTER FUNCTION outbox_rotate(date) SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE ALL ON FUNCTION outbox_rotate(date) FROM PUBLIC;
