-- one_dead_letter.sql: a record that was set aside, settled or not, with how many of its key lie behind it.
SELECT d.*, (
    SELECT count(*) FROM dead_letters b WHERE b.consumer = d.consumer AND b.lane = d.lane AND b.settled_at IS NULL AND b.id > d.id
) AS behind
FROM dead_letters d WHERE d.id = $1
