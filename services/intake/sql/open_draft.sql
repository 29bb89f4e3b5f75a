-- open_draft.sql: what is kept under this mark, if its days are not over.
SELECT sealed, kept_until FROM drafts WHERE mark = $1 AND kept_until > $2
