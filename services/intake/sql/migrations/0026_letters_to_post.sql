-- 0026_letters_to_post.sql: which letters on paper nobody has taken to the post yet. `otklik rebuild intake` fills it for what left before.
ALTER TABLE letters
    ADD COLUMN request_id uuid,
    ADD COLUMN awaits_post boolean NOT NULL DEFAULT false;
CREATE INDEX letters_to_post ON letters (sent_on, number) WHERE awaits_post;
