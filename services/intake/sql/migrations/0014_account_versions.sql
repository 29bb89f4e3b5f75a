-- 0014_account_versions.sql: how many events an account has, so that only what changed is read again. Rows written before hold 0 until they change.
ALTER TABLE accounts ADD COLUMN version bigint NOT NULL DEFAULT 0;
