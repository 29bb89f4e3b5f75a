-- known_copies.sql: copies of attachments that history has by the database's own word; what is still to be fetched is none of it.
SELECT copy_id AS object_id FROM history.attachments WHERE state = 'kept' ORDER BY copy_id
