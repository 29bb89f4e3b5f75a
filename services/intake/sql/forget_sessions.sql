-- forget_sessions.sql: sessions that ended by themselves: they rested since $1, or were opened before $2.
DELETE FROM sessions WHERE seen_at <= $1 OR opened_at <= $2
