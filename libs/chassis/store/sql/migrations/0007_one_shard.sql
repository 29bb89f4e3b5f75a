-- 0007_one_shard.sql: a service's outbox has one shard; what still waits in the second of before goes with the others.
UPDATE outbox SET shard = 0 WHERE shard > 0;
