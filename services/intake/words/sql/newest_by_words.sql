-- newest_by_words.sql: the same among the newest requests alone ($8 of them): of words that stand everywhere these hold enough.
SELECT request_id FROM (SELECT request_id, words FROM request_words ORDER BY request_id DESC LIMIT $8) AS newest
WHERE words && $1::bigint[] AND words && $2::bigint[] AND words && $3::bigint[]
  AND words && $4::bigint[] AND words && $5::bigint[] AND words && $6::bigint[]
ORDER BY request_id DESC LIMIT $7
