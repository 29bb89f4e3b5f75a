-- fill_month.sql: make the partitions of a month long past and of the two that follow, as the service does for the present.
SELECT history.log_make_months($1::date)
