-- sent_from_outbox.sql: the broker acknowledged these.
DELETE FROM outbox WHERE (day, id) IN (SELECT * FROM unnest($1::date[], $2::bigint[]))
