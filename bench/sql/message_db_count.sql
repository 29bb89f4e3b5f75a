-- message_db_count.sql: how many messages message-db holds.
SELECT count(*) FROM message_store.messages
