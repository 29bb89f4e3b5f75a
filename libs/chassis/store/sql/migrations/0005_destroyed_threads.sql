-- 0005_destroyed_threads.sql: which threads had their keys destroyed and when, so that no older copy brings them back.
CREATE TABLE destroyed_threads (
    thread_id uuid NOT NULL,
    destroyed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thread_id, destroyed_at)
);
COMMENT ON TABLE destroyed_threads IS 'append-only; a dialogue may come to life again under a new key, and be destroyed again';
