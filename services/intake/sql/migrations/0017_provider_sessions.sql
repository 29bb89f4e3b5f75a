-- 0017_provider_sessions.sql: a provider can end the sessions that it vouched for. Marks are HMACs of what it calls a session and somebody.
ALTER TABLE sessions
    ADD COLUMN provider_session bytea,
    ADD COLUMN provider_subject bytea;
CREATE INDEX sessions_of_provider ON sessions (provider_subject) WHERE by_provider;

-- A work table: logout tokens that were taken. `mark` is an HMAC of a token's name; forgotten when it is too old to be good again.
CREATE TABLE logout_tokens (
    mark bytea PRIMARY KEY,
    good_until timestamptz NOT NULL
);
