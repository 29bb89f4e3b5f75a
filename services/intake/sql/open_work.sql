-- open_work.sql: how many open requests an account is to answer.
SELECT count(*) FROM requests WHERE open AND executor = $1::text
