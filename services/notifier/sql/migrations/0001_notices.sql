-- 0001_notices.sql: the work table of notices. No clear column is personal: address and text lie in `sealed`, under the thread's key.
CREATE TABLE notices (
    notice_id uuid PRIMARY KEY,
    request_id text NOT NULL,
    seq bigint NOT NULL,
    role text NOT NULL,
    channel text NOT NULL,
    frontend text,
    status text NOT NULL,
    template text NOT NULL,
    duplicate_of uuid,
    thread_id uuid NOT NULL,
    cause uuid NOT NULL,
    correlation_id uuid,
    client_id uuid,
    point text,
    traceparent text,
    state text NOT NULL CHECK (
        state IN ('planned', 'sending', 'deferred', 'unknown', 'accepted', 'delivered', 'failed', 'waiting_for_staff')
    ),
    reason text,
    provider_ref text,
    attempt integer NOT NULL,
    version bigint NOT NULL,
    planned_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    first_tried_at timestamptz,
    finished_at timestamptz,
    sealed bytea
);
COMMENT ON COLUMN notices.due_at IS 'when it may be claimed next; while sending, the end of the lease';
COMMENT ON COLUMN notices.sealed IS 'what it says and to whom; null once it is finished';

CREATE INDEX notices_due ON notices (channel, due_at) WHERE state IN ('planned', 'sending', 'deferred', 'unknown');
CREATE INDEX notices_unfinished ON notices (request_id, role, seq) WHERE state IN ('planned', 'sending', 'deferred', 'unknown');
CREATE INDEX notices_of_request ON notices (request_id, seq);
