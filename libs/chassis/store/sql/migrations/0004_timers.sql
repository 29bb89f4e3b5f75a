-- 0004_timers.sql: durable timers: what must happen at a time waits here and is run once, after a downtime too.
CREATE TABLE timers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    try_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    UNIQUE (kind, key)
);
COMMENT ON TABLE timers IS 'work table; try_at is due_at until an attempt fails, the payload holds ids alone';
CREATE INDEX timers_to_try ON timers (try_at, id);
CREATE INDEX timers_due ON timers (due_at);
