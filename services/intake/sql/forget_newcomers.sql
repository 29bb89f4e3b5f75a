-- forget_newcomers.sql: the one that was linked ($1), and all who asked no later than $2.
DELETE FROM newcomers WHERE mark = $1 OR asked_at <= $2
