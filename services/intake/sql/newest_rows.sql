-- newest_rows.sql: requests, open or not, the newest first (a UUIDv7 sorts by time); after $10, keyset.
SELECT request_id, rank, act_on
FROM requests
WHERE ($1::text[] IS NULL OR status = ANY($1))
  AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR topic = $3) AND ($4::text IS NULL OR urgency = $4)
  AND ($5::text IS NULL OR unit = $5) AND ($6::text IS NULL OR executor = $6)
  AND ($7::date IS NULL OR due_on >= $7) AND ($8::date IS NULL OR due_on <= $8)
  AND ($9::uuid IS NULL OR request_id IN (
      SELECT alike.request_id FROM request_words this JOIN request_words alike USING (text_mark) WHERE this.request_id = $9
  ))
  AND ($10::uuid IS NULL OR request_id < $10)
ORDER BY request_id DESC
LIMIT $11
