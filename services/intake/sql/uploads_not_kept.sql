-- uploads_not_kept.sql: how many history could not keep at least once, and still has not.
SELECT count(*) FROM uploads WHERE request_id IS NOT NULL AND copied_at IS NULL AND not_kept > 0
