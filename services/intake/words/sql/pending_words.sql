-- pending_words.sql: what has waited longest to be read for the index, and the number of what came last.
SELECT id, stream, (SELECT max(id) FROM words_pending) AS newest FROM words_pending ORDER BY id LIMIT $1
