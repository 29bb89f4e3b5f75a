-- postpone_timer.sql: an attempt failed; the next comes later, so that the timers behind it have their turn.
UPDATE timers SET failures = failures + 1, try_at = $2 WHERE id = $1
