-- outbox_state.sql: how much waits in a shard, since when the oldest, how many keys are parked in all.
SELECT count(*) AS pending, min(created_at) AS oldest, (SELECT count(*) FROM outbox_parked) AS parked
FROM (SELECT created_at FROM outbox WHERE shard = $1 LIMIT 100000) AS waiting
