-- linked_clients.sql: a client and all that are linked to it, through others too; an unlinked pair leads nowhere.
WITH RECURSIVE same (client_id) AS (
    SELECT $1::uuid
    UNION
    SELECT CASE WHEN pair.one = same.client_id THEN pair.other ELSE pair.one END
    FROM same JOIN client_links AS pair ON pair.linked AND (pair.one = same.client_id OR pair.other = same.client_id)
)
SELECT client_id FROM same ORDER BY client_id
