-- 0013_views.sql: filters of the register that staff keep under a name. A work table: no event tells of them, and none is needed to rebuild them.
-- `filters` are codes as an address of the register says them.
CREATE TABLE views (
    view_id uuid PRIMARY KEY,
    owner uuid NOT NULL,
    name text NOT NULL,
    filters jsonb NOT NULL,
    shared boolean NOT NULL
);
CREATE INDEX views_owner ON views (owner);
CREATE INDEX views_shared ON views (view_id) WHERE shared;
