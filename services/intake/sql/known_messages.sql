-- known_messages.sql: which of these messages came before (D-24), with the digest of each text they came with.
SELECT m.frontend, m.external_id, m.request_id, m.digests
FROM unnest($1::text[], $2::text[]) AS asked (frontend, external_id)
JOIN messages m USING (frontend, external_id)
