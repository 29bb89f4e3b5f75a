-- grants.sql: notices and the profile are work tables, the application's role may change but never delete them.
GRANT SELECT, INSERT, UPDATE ON notices, profile TO :role;
