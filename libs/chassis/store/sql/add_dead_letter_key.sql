-- add_dead_letter_key.sql: one key a day, whoever comes first.
INSERT INTO dead_letter_keys (day, wrapped, master_key_id) VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING
