-- verify_ids.sql: ids of the id table that no row of the log bears at their place; one statement sees both tables at one moment.
SELECT shard, position, event_id FROM log_ids AS ids
WHERE NOT EXISTS (
    SELECT FROM log
    WHERE log.shard = ids.shard AND log.position = ids.position AND log.stored_at = ids.stored_at AND log.event_id = ids.event_id
)
ORDER BY shard, position LIMIT $1
