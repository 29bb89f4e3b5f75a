-- 0005_words.sql: what requests are found by, as HMACs alone (decision 0027), and which of them still have to be read for it.
-- `words` are marks of lemmas, of names and their beginnings, of phones and addresses; `text_mark` is the same for texts of the same words.
CREATE TABLE request_words (
    stream text PRIMARY KEY,
    request_id uuid NOT NULL UNIQUE,
    thread_id uuid NOT NULL,
    words bigint[] NOT NULL,
    text_mark bigint
);
CREATE INDEX request_words_words ON request_words USING gin (words);
CREATE INDEX request_words_text ON request_words (text_mark, request_id) WHERE text_mark IS NOT NULL;
CREATE INDEX request_words_thread ON request_words (thread_id);

-- A work table: streams whose words changed. Rows without a checkpoint, so a transaction that commits late is not passed over.
CREATE TABLE words_pending (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL
);
INSERT INTO words_pending (stream) SELECT stream FROM requests ORDER BY request_id DESC;

-- What is destroyed is not found any more from that very transaction on, whoever destroys it and whatever the index is doing meanwhile.
CREATE FUNCTION forget_words_of_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('otklik intake words'));
    DELETE FROM request_words WHERE thread_id IN (SELECT thread_id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER forget_words AFTER INSERT ON destroyed_threads
    REFERENCING NEW TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_words_of_destroyed();

DO $$
BEGIN
    -- pg_temp last: what a session names request_words itself must not be taken for ours.
    EXECUTE format('ALTER FUNCTION forget_words_of_destroyed() SET search_path = %I, pg_temp', current_schema());
END $$;
