-- work_by_unit.sql: how many open requests each unit has, how many are due from today ($1) to the last day of «soon» ($2), how many are late, since when.
SELECT
    unit,
    count(*) AS open,
    count(*) FILTER (WHERE due_on BETWEEN $1::date AND $2::date) AS soon,
    count(*) FILTER (WHERE due_on < $1) AS overdue,
    min(due_on) FILTER (WHERE due_on < $1) AS oldest
FROM requests WHERE open GROUP BY unit
