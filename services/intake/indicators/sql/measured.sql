-- measured.sql: how many requests were received, registered, ended or missed their term from $3 to $4, with their figures, and how many were open,
-- all as it stood when the day $5 ended at $1 in the zone $2. By unit, by type, by point and by month: each request stands in all four.
WITH standing AS (
    SELECT
        unit, type, point, register_days, outcome, due_on,
        (received_at AT TIME ZONE $2)::date AS received_on,
        (registered_at AT TIME ZONE $2)::date AS registered_on,
        (closed_at AT TIME ZONE $2)::date AS closed_on
    FROM measures WHERE since < $1 AND (until IS NULL OR until >= $1)
),
counted AS (
    SELECT 'received' AS what, received_on AS happened_on, NULL::integer AS days, false AS late, unit, type, point
    FROM standing WHERE received_on BETWEEN $3 AND $4
    UNION ALL
    SELECT 'registered', registered_on, registered_on - received_on, registered_on - received_on > register_days, unit, type, point
    FROM standing WHERE registered_on BETWEEN $3 AND $4
    UNION ALL
    SELECT outcome, closed_on, closed_on - coalesce(registered_on, received_on), coalesce(closed_on > due_on, false), unit, type, point
    FROM standing WHERE closed_on BETWEEN $3 AND $4
    UNION ALL
    SELECT 'missed', due_on, NULL, true, unit, type, point
    FROM standing WHERE outcome IS NULL AND due_on BETWEEN $3 AND $4 AND due_on < $5
    UNION ALL
    SELECT 'open', NULL, NULL, coalesce(due_on < $5, false), unit, type, point
    FROM standing WHERE outcome IS NULL
),
by_month AS (
    SELECT what, days, late, unit, type, point, date_trunc('month', happened_on)::date AS month FROM counted
)
SELECT what, days, late, unit, type, point, month, grouping(unit, type, point, month) AS which, count(*) AS number
FROM by_month
GROUP BY GROUPING SETS ((what, days, late, unit), (what, days, late, type), (what, days, late, point), (what, days, late, month))
