-- hold_log.sql: until the end of this transaction nobody appends to the log; whoever reads is not held up.
LOCK TABLE history.log_heads IN EXCLUSIVE MODE
