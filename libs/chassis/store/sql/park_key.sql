-- park_key.sql: the broker refused a record of this key; the key waits for a person, all others go on.
INSERT INTO outbox_parked (topic, key, reason) VALUES ($1, $2, $3) ON CONFLICT (topic, key) DO NOTHING
