-- same_texts.sql: the newest requests whose text has this mark, but this one.
SELECT request_id FROM request_words WHERE text_mark = $1 AND request_id <> $2 ORDER BY request_id DESC LIMIT $3
