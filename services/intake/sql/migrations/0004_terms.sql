-- 0004_terms.sql: what was told of a request's present term (0 nothing, 1 that it is near, 2 that it is over or ran elsewhere), until when
-- an answer to our question is waited for, and where the term's days end before a day off moves `due_on`.
-- `otklik rebuild intake` fills them for rows written before.
ALTER TABLE requests
    ADD COLUMN term_told smallint NOT NULL DEFAULT 0,
    ADD COLUMN wait_until date,
    ADD COLUMN last_on date;
-- The passing of days is looked for each minute: each index holds only what may still concern.
CREATE INDEX requests_term ON requests (term_told, due_on) WHERE open AND term_told < 2 AND due_on IS NOT NULL;
CREATE INDEX requests_unregistered ON requests (term_told) WHERE open AND due_on IS NULL AND term_told < 2;
CREATE INDEX requests_waiting ON requests (wait_until) WHERE wait_until IS NOT NULL;
