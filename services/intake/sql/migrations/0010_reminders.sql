-- 0010_reminders.sql: when codes were sent to an address lately. A work table: `mark` is an HMAC of the address, forgotten after a day.
CREATE TABLE reminders (
    mark bytea NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX reminders_mark ON reminders (mark, sent_at);
