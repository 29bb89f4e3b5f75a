-- 0023_feeds.sql: calendars of due dates that staff subscribe to. A work table: `token_hash` is the SHA-256 of the secret in the address.
CREATE TABLE feeds (
    account_id uuid NOT NULL,
    scope text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, scope)
);
