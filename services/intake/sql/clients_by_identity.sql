-- clients_by_identity.sql: who is known by these; the earliest where two are.
SELECT identity, client_id FROM identities WHERE strong AND identity = ANY($1::bytea[]) ORDER BY identity, client_id
