-- expect_attachments.sql: each file once; one that was kept stays so, of another its newest object counts. No row moves to another thread.
INSERT INTO attachments (upload_id, request_id, thread_id, copy_id, object_id, state, sealed)
SELECT upload_id, request_id, thread_id, copy_id, object_id, 'due', sealed
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[])
    AS new (upload_id, request_id, thread_id, copy_id, object_id, sealed)
ON CONFLICT (upload_id) DO UPDATE SET
    object_id = excluded.object_id,
    state = CASE attachments.state WHEN 'kept' THEN 'kept' ELSE 'due' END,
    sealed = CASE attachments.state WHEN 'kept' THEN attachments.sealed ELSE excluded.sealed END
WHERE attachments.thread_id = excluded.thread_id
