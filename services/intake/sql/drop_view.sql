-- drop_view.sql: the view is there no more, whether it was or not.
DELETE FROM views WHERE view_id = $1
