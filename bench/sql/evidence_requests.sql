-- evidence_requests.sql: every request of the register; no number while it lacks something.
SELECT request_id, number FROM intake.requests
