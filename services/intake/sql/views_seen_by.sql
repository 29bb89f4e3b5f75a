-- views_seen_by.sql: what the account $1 keeps, and what is for everybody, by name.
SELECT view_id, owner, name, filters, shared FROM views WHERE owner = $1 OR shared ORDER BY shared, name, view_id
