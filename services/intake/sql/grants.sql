-- grants.sql: intake's read models are its own to refresh, its work tables to change.
GRANT SELECT, INSERT, DELETE ON requests, messages, dialogues, letters, measures, clients, identities, accounts TO :role;
GRANT SELECT, INSERT, UPDATE ON credentials TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, newcomers, uploads, views, reminders, saved_forms, logout_tokens, feeds TO :role;
GRANT SELECT, INSERT, DELETE ON request_words, words_pending TO :role;
