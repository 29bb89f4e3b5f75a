-- message_db_write.sql: message-db's own function for each message of a batch, in the order of the batch, in one transaction.
SELECT count(write_message(id, stream_name, type, data::jsonb))
FROM unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::text[]) AS new (id, stream_name, type, data)
