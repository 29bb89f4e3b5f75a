-- take_outbox_lease.sql: one relay a shard; true when $2 holds the lease of shard $1 for the next $3 seconds.
INSERT INTO outbox_leases AS held (shard, owner, expires_at) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (shard) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
WHERE held.owner = excluded.owner OR held.expires_at < clock_timestamp()
RETURNING true
