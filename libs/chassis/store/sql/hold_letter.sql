-- hold_letter.sql: one unsettled record; the caller holds it until its transaction ends.
SELECT * FROM dead_letters WHERE id = $1 AND settled_at IS NULL FOR UPDATE
