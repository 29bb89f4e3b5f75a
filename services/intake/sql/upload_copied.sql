-- upload_copied.sql: history has it, and never has to be handed it again.
UPDATE uploads SET copied_at = coalesce(copied_at, $2), handed_id = NULL WHERE upload_id = $1
