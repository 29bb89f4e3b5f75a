-- open_dialogues.sql: the newest request of each dialogue that still lacks something; a UUIDv7 sorts by time.
SELECT DISTINCT ON (dialogue_thread) dialogue_thread, request_id
FROM dialogues WHERE open AND dialogue_thread = ANY($1::uuid[])
ORDER BY dialogue_thread, request_id DESC
