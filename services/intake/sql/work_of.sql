-- work_of.sql: open requests that an account is to answer, what is due first at the top; at most $2.
SELECT request_id FROM requests WHERE open AND executor = $1::text ORDER BY rank, act_on, request_id LIMIT $2
