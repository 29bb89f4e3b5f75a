-- misplaced_requests.sql: open requests, at most $5, due today ($1) or later on a day declared off ($2), or beside a day declared working ($3)
-- that is nearer to where their term ends; $4 are the working days next to those.
SELECT request_id FROM requests WHERE open AND term_told IN (0, 1) AND due_on >= $1::date AND due_on = ANY ($2::date[])
UNION
SELECT request_id
FROM requests r
WHERE open AND term_told IN (0, 1) AND due_on >= $1::date AND due_on = ANY ($4::date[])
  AND EXISTS (SELECT FROM unnest($3::date[]) AS day WHERE (r.due_on < day AND day <= r.last_on) OR (r.last_on <= day AND day < r.due_on))
LIMIT $5
