-- 0002_lanes_and_master_keys.sql: what waits under one key is found at once; a wrong master key is recognised; a null value stays null.
CREATE INDEX outbox_lanes ON outbox (key, id);

CREATE TABLE master_keys (
    id text PRIMARY KEY,
    proof bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE master_keys IS 'the name of each master key, sealed with it';

ALTER TABLE dead_letters ALTER COLUMN sealed DROP NOT NULL;
