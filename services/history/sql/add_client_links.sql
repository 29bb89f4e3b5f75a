-- add_client_links.sql: of two words about one pair the later recorded one holds, in whatever order they come.
INSERT INTO client_links AS known (one, other, linked, recorded_at, event_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::timestamptz[], $5::uuid[])
ON CONFLICT (one, other) DO UPDATE
SET linked = excluded.linked, recorded_at = excluded.recorded_at, event_id = excluded.event_id
WHERE (excluded.recorded_at, excluded.event_id) > (known.recorded_at, known.event_id)
