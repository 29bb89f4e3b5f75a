-- soak_not_in_history.sql: requests of the register that history never heard of.
SELECT count(*) FROM intake.requests AS request
WHERE NOT EXISTS (SELECT FROM history.log WHERE type = 'RequestReceived' AND aggregate_id = request.request_id::text)
