-- last_recorded.sql: when the newest event was recorded; null in an empty store.
SELECT max(recorded_at) FROM events
