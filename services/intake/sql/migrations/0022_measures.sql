-- 0022_measures.sql: what is counted of each request, and from when to when it stood so; a read model, `otklik rebuild intake` fills it.
CREATE TABLE measures (
    stream text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    unit text,
    type text,
    point text,
    register_days smallint NOT NULL,
    received_at timestamptz,
    registered_at timestamptz,
    due_on date,
    closed_at timestamptz,
    outcome text,
    PRIMARY KEY (stream, since)
);
