-- add_master_key.sql: the first to come decides which key bears the name.
INSERT INTO master_keys (id, proof) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING
