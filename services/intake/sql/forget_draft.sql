-- forget_draft.sql: it was sent, or its days are over.
DELETE FROM drafts WHERE mark = $1
