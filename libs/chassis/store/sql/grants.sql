-- grants.sql: what the application's role may do to the tables that every service has; history can't be rewritten (N-4.7).
GRANT USAGE ON SCHEMA :schema TO :role;
GRANT SELECT, INSERT ON events TO :role;
GRANT SELECT, INSERT ON thread_keys, master_keys TO :role;
GRANT SELECT ON destroyed_threads TO :role;
GRANT SELECT, INSERT, DELETE ON outbox TO :role;
GRANT USAGE ON SEQUENCE outbox_id TO :role;
GRANT SELECT, INSERT, UPDATE ON outbox_leases TO :role;
GRANT SELECT, INSERT, DELETE ON outbox_parked TO :role;
GRANT SELECT, INSERT, DELETE ON inbox TO :role;
GRANT SELECT, INSERT, UPDATE ON consumer_places, answered_gaps, denied_tokens TO :role;
GRANT SELECT, INSERT, DELETE ON dead_letter_keys, dead_letters TO :role;
GRANT UPDATE (reason, asked_at, settled_at, outcome, dropped_because) ON dead_letters TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letter_lanes TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO :role;
GRANT EXECUTE ON FUNCTION outbox_rotate(date) TO :role;
