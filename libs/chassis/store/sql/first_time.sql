-- first_time.sql: which of these ids the consumer sees for the first time; sorted by the caller, so two batches can't deadlock.
INSERT INTO inbox (consumer, event_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id
