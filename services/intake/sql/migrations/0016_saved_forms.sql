-- 0016_saved_forms.sql: "draft" is the word for a version of an answer; what a person puts by is a saved form.
ALTER TABLE drafts RENAME TO saved_forms;
ALTER INDEX drafts_pkey RENAME TO saved_forms_pkey;
ALTER INDEX drafts_uploads RENAME TO saved_forms_uploads;
UPDATE timers SET kind = 'expire-saved-form' WHERE kind = 'expire-draft';
