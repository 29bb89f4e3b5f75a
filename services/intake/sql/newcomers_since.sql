-- newcomers_since.sql: who asked to be let in since $1, the latest first, as many as a page shows.
SELECT mark, sealed, asked_at FROM newcomers WHERE asked_at > $1 ORDER BY asked_at DESC, mark LIMIT $2
