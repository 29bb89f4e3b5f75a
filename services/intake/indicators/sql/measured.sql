-- measured.sql: how many requests were received, registered, ended or missed their term from $3 to $4, with their figures, and how many were open,
-- all as it stood when the day $5 ended at $1 in the zone $2. By unit, by type, by point and by month: each request stands in all four.
-- The period begins at $6 and is over at $7: times are compared before they are made days, and counted once before they are grouped four times.
WITH standing AS (
    SELECT unit, type, point, register_days, outcome, due_on, received_at, registered_at, closed_at
    FROM measures WHERE since < $1 AND (until IS NULL OR until >= $1)
),
happened AS (
    SELECT 'received' AS what, received_at AS happened_at, NULL::timestamptz AS counted_from, NULL::date AS due_on, NULL::integer AS most, unit, type, point
    FROM standing WHERE received_at >= $6 AND received_at < $7
    UNION ALL
    SELECT 'registered', registered_at, received_at, NULL, register_days, unit, type, point
    FROM standing WHERE registered_at >= $6 AND registered_at < $7
    UNION ALL
    SELECT outcome, closed_at, coalesce(registered_at, received_at), due_on, NULL, unit, type, point
    FROM standing WHERE closed_at >= $6 AND closed_at < $7
),
in_days AS (
    SELECT
        what, (happened_at AT TIME ZONE $2)::date AS happened_on, (counted_from AT TIME ZONE $2)::date AS counted_from, due_on, most, unit, type, point
    FROM happened
),
counted AS (
    SELECT
        what, happened_on, happened_on - counted_from AS days,
        coalesce(happened_on > due_on, happened_on - counted_from > most, false) AS late, unit, type, point
    FROM in_days
    UNION ALL
    SELECT 'missed', due_on, NULL, true, unit, type, point
    FROM standing WHERE outcome IS NULL AND due_on BETWEEN $3 AND $4 AND due_on < $5
    UNION ALL
    SELECT 'open', NULL, NULL, coalesce(due_on < $5, false), unit, type, point
    FROM standing WHERE outcome IS NULL
),
numbers AS (
    SELECT what, days, late, unit, type, point, date_trunc('month', happened_on::timestamp)::date AS month, count(*) AS number
    FROM counted GROUP BY what, days, late, unit, type, point, 7
)
SELECT what, days, late, unit, type, point, month, grouping(unit, type, point, month) AS which, sum(number)::bigint AS number
FROM numbers
GROUP BY GROUPING SETS ((what, days, late, unit), (what, days, late, type), (what, days, late, point), (what, days, late, month))
