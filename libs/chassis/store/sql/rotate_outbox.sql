-- rotate_outbox.sql: make the partitions of the next days, drop the empty ones of days past; it waits for nobody and never fails for a lock.
SELECT outbox_rotate($1::date)
