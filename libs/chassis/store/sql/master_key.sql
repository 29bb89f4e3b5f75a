-- master_key.sql: what only the master key of this name opens.
SELECT proof FROM master_keys WHERE id = $1
