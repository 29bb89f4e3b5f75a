-- concerned_requests.sql: open requests, at most $7, that something happens to by itself today ($1) and was not told yet: the answer is due by $2;
-- no number yet, due by $3 in the zone $4 after $5 days, or at once where people speak ($6); nobody answered our question.
SELECT request_id FROM requests WHERE open AND term_told = 0 AND due_on <= $2::date
UNION
SELECT request_id FROM requests WHERE open AND term_told = 1 AND due_on < $1::date
UNION
SELECT request_id FROM requests WHERE wait_until < $1
UNION
SELECT request_id
FROM (
    SELECT
        request_id, term_told,
        (received_at AT TIME ZONE $4::text)::date + CASE WHEN point = ANY ($6::text[]) THEN 0 ELSE $5::integer END AS register_by
    FROM requests WHERE open AND due_on IS NULL AND term_told < 2
) AS unregistered
WHERE (term_told = 0 AND register_by <= $3::date) OR register_by < $1
LIMIT $7
