-- things_to_do.sql: how many open requests wait for what; today is $1, the last day of «soon» $2, who asks $3, of the unit $4.
SELECT
    count(*) FILTER (WHERE status = 'received') AS received,
    count(*) FILTER (WHERE status = 'registered') AS registered,
    count(*) FILTER (WHERE status = 'classified') AS classified,
    count(*) FILTER (WHERE status = 'assigned') AS in_work,
    count(*) FILTER (WHERE status = 'drafting') AS drafting,
    count(*) FILTER (WHERE status = 'awaiting_clarification') AS waiting,
    count(*) FILTER (WHERE status = 'on_approval') AS on_approval,
    count(*) FILTER (WHERE status = 'approved') AS approved,
    count(*) FILTER (WHERE due_on < $1::date) AS overdue,
    count(*) FILTER (WHERE due_on BETWEEN $1 AND $2::date) AS soon,
    count(*) FILTER (WHERE executor = $3::text) AS mine,
    count(*) FILTER (WHERE unit = $4::text) AS unit
FROM requests WHERE open
