-- words_behind.sql: how many changes the index has not read yet; beyond $1 nobody counts.
SELECT count(*) FROM (SELECT FROM words_pending LIMIT $1) AS waiting
