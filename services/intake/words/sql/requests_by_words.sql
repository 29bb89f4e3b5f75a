-- requests_by_words.sql: the newest requests that hold one mark of each list ($1 … $6; the same list may come twice).
-- Materialized: found by the index of words first, whatever the planner knows of them, and sorted then; a plan by age would read the whole table.
WITH found AS MATERIALIZED (
    SELECT request_id FROM request_words
    WHERE words && $1::bigint[] AND words && $2::bigint[] AND words && $3::bigint[]
      AND words && $4::bigint[] AND words && $5::bigint[] AND words && $6::bigint[]
)
SELECT request_id FROM found ORDER BY request_id DESC LIMIT $7
