-- use_step.sql: true for the one who uses this step of the clock first; an older step is never used again.
UPDATE credentials SET totp_last_step = $2 WHERE account_id = $1 AND totp IS NOT NULL AND (totp_last_step IS NULL OR totp_last_step < $2)
RETURNING true
