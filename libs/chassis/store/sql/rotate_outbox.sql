-- rotate_outbox.sql: make the partitions of the next days, drop the empty ones of days past.
SELECT outbox_rotate($1::date)
