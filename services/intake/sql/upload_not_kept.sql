-- upload_not_kept.sql: what lay ready was no use; answers how often that was so, or nothing where something else lies there by now.
UPDATE uploads SET handed_id = NULL, not_kept = not_kept + 1
WHERE upload_id = $1 AND handed_id = $2 AND copied_at IS NULL RETURNING not_kept
