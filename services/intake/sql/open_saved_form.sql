-- open_saved_form.sql: what is kept under this mark, if its days are not over.
SELECT sealed, kept_until FROM saved_forms WHERE mark = $1 AND kept_until > $2
