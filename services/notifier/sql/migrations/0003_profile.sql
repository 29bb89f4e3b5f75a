-- 0003_profile.sql: what the authority said of itself last; `sealed` under its thread's key, for it names a person.
CREATE TABLE profile (
    authority text PRIMARY KEY,
    version bigint NOT NULL,
    thread_id uuid NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN profile.version IS 'place of the event in the stream of the authority: an earlier one changes nothing';
