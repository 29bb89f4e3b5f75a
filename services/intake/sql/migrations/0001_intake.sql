-- 0001_intake.sql: intake's read models; each is a function of one stream and can be dropped and rebuilt.
-- `reference` and `plain_no` are in the form in which numbers are looked for: capitals without blanks and dashes.
CREATE TABLE requests (
    stream text PRIMARY KEY,
    request_id uuid NOT NULL UNIQUE,
    reference text NOT NULL UNIQUE,
    reg_no text UNIQUE,
    plain_no text,
    journal text,
    year integer,
    number bigint,
    client_id uuid,
    status text NOT NULL,
    point text,
    channel text NOT NULL,
    received_at timestamptz,
    registered_at timestamptz,
    due_on date,
    flags text[] NOT NULL,
    UNIQUE (journal, year, number)
);
CREATE INDEX requests_plain_no ON requests (plain_no);

-- Messages by (frontend, external id): unique for as long as history is kept (D-24). `digests` are of each text it came with, the newest last.
CREATE TABLE messages (
    stream text NOT NULL,
    frontend text NOT NULL,
    external_id text NOT NULL,
    request_id uuid NOT NULL,
    digests bytea[] NOT NULL,
    PRIMARY KEY (frontend, external_id)
);
CREATE INDEX messages_stream ON messages (stream);

-- Requests by the mark (HMAC) of their dialogue; an open one still waits for what the law needs.
CREATE TABLE dialogues (
    stream text PRIMARY KEY,
    mark bytea NOT NULL,
    request_id uuid NOT NULL,
    open boolean NOT NULL
);
CREATE INDEX dialogues_mark ON dialogues (mark) WHERE open;

CREATE TABLE clients (
    stream text PRIMARY KEY,
    client_id uuid NOT NULL UNIQUE,
    kind text NOT NULL
);

-- What a client is known by, as HMACs: an account of a platform, or a confirmed contact with the full name.
-- `strong` identities find a client again; weaker ones are only proposed to staff (R-20).
CREATE TABLE identities (
    stream text NOT NULL,
    client_id uuid NOT NULL,
    identity bytea NOT NULL,
    strong boolean NOT NULL,
    PRIMARY KEY (stream, identity)
);
CREATE INDEX identities_strong ON identities (identity) WHERE strong;
CREATE INDEX identities_weak ON identities (identity) WHERE NOT strong;
