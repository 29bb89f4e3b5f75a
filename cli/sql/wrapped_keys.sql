-- wrapped_keys.sql: every key of a store, beside what it is bound to.
SELECT wrapped, uuid_send(thread_id) AS bound_to FROM thread_keys
UNION ALL
SELECT wrapped, convert_to(day::text, 'UTF8') FROM dead_letter_keys
