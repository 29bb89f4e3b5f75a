-- 0009_entry.sql: entry by an OpenID Connect provider, and acting in the place of a colleague.
-- `identity_mark` is an HMAC of what the provider calls somebody, so that the account is found without keeping it in clear.
ALTER TABLE accounts ADD COLUMN identity_mark bytea UNIQUE;
ALTER TABLE sessions
    ADD COLUMN by_provider boolean NOT NULL DEFAULT false,
    ADD COLUMN acting_for uuid;

CREATE INDEX requests_executor ON requests (executor) WHERE open AND executor IS NOT NULL;

-- A work table: whom the provider vouched for and no account is linked with. `sealed` holds how it calls them; forgotten after two weeks.
CREATE TABLE newcomers (
    mark bytea PRIMARY KEY,
    sealed bytea NOT NULL,
    asked_at timestamptz NOT NULL
);
