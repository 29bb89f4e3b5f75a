-- queue_rows.sql: open requests, urgent ones first, then by the day on which something is due; after ($10, $11, $12), keyset.
SELECT request_id, rank, act_on
FROM requests
WHERE open
  AND ($1::text[] IS NULL OR status = ANY($1))
  AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR topic = $3) AND ($4::text IS NULL OR urgency = $4)
  AND ($5::text IS NULL OR unit = $5) AND ($6::text IS NULL OR executor = $6)
  AND ($7::date IS NULL OR due_on >= $7) AND ($8::date IS NULL OR due_on <= $8)
  AND ($9::uuid IS NULL OR request_id IN (
      SELECT alike.request_id FROM request_words this JOIN request_words alike USING (text_mark) WHERE this.request_id = $9
  ))
  AND ($10::smallint IS NULL OR (rank, act_on, request_id) > ($10, $11::date, $12::uuid))
ORDER BY rank, act_on, request_id
LIMIT $13
