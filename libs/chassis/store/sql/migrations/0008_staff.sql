-- 0008_staff.sql: in whose place somebody acted, and up to when the tokens of an account are worth nothing.
ALTER TABLE events ADD COLUMN actor_for text;

CREATE TABLE denied_tokens (
    account_id text PRIMARY KEY,
    until timestamptz NOT NULL
);
COMMENT ON TABLE denied_tokens IS 'a work table: what staff.events said last of each account (R-25)';
