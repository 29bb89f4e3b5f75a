-- grants.sql: notices are a work table, the application's role may change but never delete them.
GRANT SELECT, INSERT, UPDATE ON notices TO :role;
