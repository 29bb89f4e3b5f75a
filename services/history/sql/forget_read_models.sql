-- forget_read_models.sql: for a rebuild only, with the owner's rights; readers see the old rows until it commits.
DELETE FROM thread_links; DELETE FROM request_numbers; DELETE FROM client_links
