-- grants.sql: intake's read models are its own to refresh.
GRANT SELECT, INSERT, DELETE ON requests, messages, dialogues, clients, identities TO :role;
