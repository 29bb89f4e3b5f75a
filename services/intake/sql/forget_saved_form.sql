-- forget_saved_form.sql: it was sent, or its days are over.
DELETE FROM saved_forms WHERE mark = $1
