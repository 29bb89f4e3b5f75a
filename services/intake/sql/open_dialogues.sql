-- open_dialogues.sql: the newest request of each dialogue that still lacks something; a UUIDv7 sorts by time.
SELECT DISTINCT ON (mark) mark, request_id
FROM dialogues WHERE open AND mark = ANY($1::bytea[])
ORDER BY mark, request_id DESC
