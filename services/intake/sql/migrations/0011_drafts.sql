-- 0011_drafts.sql: half-written forms that are put by. A work table: `mark` is an HMAC of a name, `sealed` opens with a code that the person alone has.
CREATE TABLE drafts (
    mark bytea PRIMARY KEY,
    sealed text NOT NULL,
    uploads uuid[] NOT NULL,
    kept_until timestamptz NOT NULL
);
CREATE INDEX drafts_uploads ON drafts USING gin (uploads);
