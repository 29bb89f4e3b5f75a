-- 0018_destroyed.sql: with a request go its files and all that it could be found by, in that very transaction, whoever destroys it.
-- The ids of its messages stay, so that no record of one makes it anew. The thread of a file may be a dialogue's, which lives while one of its requests does, or has sent something that no request names yet.
CREATE FUNCTION follow_destroyed_requests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN  -- of the statement below, when there was no file
        RETURN NULL;
    END IF;
    UPDATE uploads SET state = 'going' WHERE request_id IN (SELECT thread_id FROM gone);
    WITH named AS (
        SELECT DISTINCT (event.open ->> 'thread')::uuid AS thread_id, gone.destroyed_at
        FROM gone JOIN events AS event ON event.stream = 'request-' || gone.thread_id
        WHERE event.type = 'AttachmentExamined' AND event.open ->> 'thread' IS NOT NULL
    ),
    going AS (
        DELETE FROM thread_keys AS key USING named
        WHERE key.thread_id = named.thread_id AND key.created_at <= named.destroyed_at
            AND NOT EXISTS (SELECT FROM uploads WHERE uploads.thread_id = named.thread_id AND uploads.state <> 'going')
        RETURNING key.thread_id
    )
    INSERT INTO destroyed_threads (thread_id) SELECT DISTINCT thread_id FROM going;
    DELETE FROM dialogues WHERE stream IN (SELECT 'request-' || thread_id FROM gone);
    DELETE FROM identities WHERE stream IN (SELECT 'client-' || thread_id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER follow_destroyed AFTER INSERT ON destroyed_threads
    REFERENCING NEW TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION follow_destroyed_requests();
CREATE INDEX uploads_of_request ON uploads (request_id) WHERE request_id IS NOT NULL;

DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION follow_destroyed_requests() SET search_path = %I, pg_temp', current_schema());
END $$;
