-- bind_uploads.sql: from now on they belong to a request and live as long as it; answers which did not before.
UPDATE uploads SET request_id = bound.request_id FROM unnest($1::uuid[], $2::uuid[]) AS bound (upload_id, request_id)
WHERE uploads.upload_id = bound.upload_id AND uploads.request_id IS NULL RETURNING uploads.upload_id
