-- 0003_accounts.sql: who may sign in at the desk, with what, and who is signed in.
-- `login_mark` is an HMAC of the login, so that it is found and is unique without being kept.
CREATE TABLE accounts (
    stream text PRIMARY KEY,
    account_id uuid NOT NULL UNIQUE,
    login_mark bytea NOT NULL UNIQUE,
    enabled boolean NOT NULL,
    roles text[] NOT NULL,
    unit text
);

-- A work table: what an account signs in with. `password` is an argon2id hash, `totp` sealed under the account's key,
-- `recovery` holds HMACs of the codes that are left.
CREATE TABLE credentials (
    account_id uuid PRIMARY KEY,
    password text NOT NULL,
    must_change boolean NOT NULL,
    totp bytea,
    totp_last_step bigint,
    recovery bytea[] NOT NULL DEFAULT '{}',
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz
);

-- A work table: browsers that are signed in. `token_hash` is the SHA-256 of what their cookie holds.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);
