-- count_failure.sql: a try is counted before it is judged, so that tries side by side count, too.
UPDATE credentials SET failures = $2, locked_until = $3 WHERE account_id = $1
