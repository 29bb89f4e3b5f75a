-- release_outbox_lease.sql: a relay that stops lets the next one in at once.
UPDATE outbox_leases SET expires_at = clock_timestamp() WHERE shard = $1 AND owner = $2
