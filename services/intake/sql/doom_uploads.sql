-- doom_uploads.sql: what nobody named in time, what broke off, and what lost its key is to be removed; a message that names one at this moment is waited for.
-- What a saved form names waits as long as the form.
UPDATE uploads SET state = 'going'
WHERE state <> 'going' AND (
    (
        request_id IS NULL AND begun_at < CASE state WHEN 'receiving' THEN $2::timestamptz ELSE $1::timestamptz END
        AND NOT EXISTS (SELECT FROM saved_forms WHERE saved_forms.uploads @> ARRAY[uploads.upload_id])
    )
    OR NOT EXISTS (SELECT FROM thread_keys WHERE thread_keys.thread_id = uploads.thread_id)
)
