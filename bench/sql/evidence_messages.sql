-- evidence_messages.sql: every message that intake has kept, and its request.
SELECT frontend, external_id, request_id FROM intake.messages
