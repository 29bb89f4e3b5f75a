-- grants.sql: the application may append to the log and read it; nothing in it can be changed or taken away (N-4.7).
GRANT SELECT, INSERT ON log, log_ids TO :role;
GRANT SELECT, UPDATE ON log_heads TO :role;
GRANT SELECT, INSERT ON thread_links, request_numbers TO :role;
GRANT SELECT, INSERT, UPDATE ON client_links TO :role;
REVOKE EXECUTE ON FUNCTION log_make_months(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_make_months(date) TO :role;
GRANT SELECT, UPDATE ON gap_places TO :role;
GRANT SELECT, INSERT, UPDATE ON aggregate_heads TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON gaps TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON attachments TO :role;
