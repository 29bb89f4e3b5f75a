-- missed_words.sql: requests that the index has no row of; one that waits already is read twice, to the same end.
INSERT INTO words_pending (stream)
SELECT stream FROM requests WHERE NOT EXISTS (SELECT FROM request_words known WHERE known.stream = requests.stream)
