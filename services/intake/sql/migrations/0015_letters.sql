-- 0015_letters.sql: answers that left, by number and mark: who holds one on paper asks whether it is ours. `otklik rebuild intake` fills it
-- for what left before.
CREATE TABLE letters (
    stream text NOT NULL,
    number text NOT NULL,
    sha256 text NOT NULL,
    sent_on date NOT NULL
);
CREATE INDEX letters_number ON letters (number);
CREATE INDEX letters_stream ON letters (stream);
