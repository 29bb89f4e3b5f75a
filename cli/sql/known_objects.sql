-- known_objects.sql: what lies in the folder of objects by the database's own word; what is still on its way or on its way out is none of it.
SELECT upload_id AS object_id FROM intake.uploads WHERE state NOT IN ('receiving', 'going') ORDER BY upload_id
