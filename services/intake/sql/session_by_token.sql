-- session_by_token.sql: whose session this is and in whose place they act, unless it has rested since $2 or was opened before $3.
SELECT account_id, seen_at, acting_for FROM sessions WHERE token_hash = $1 AND seen_at > $2 AND opened_at > $3
