-- remove_timer.sql: the timer has run, if the transaction of its effect commits.
DELETE FROM timers WHERE id = $1
