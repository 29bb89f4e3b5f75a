-- make_months.sql: make the partitions of this month and the two that follow.
SELECT log_make_months($1::date)
