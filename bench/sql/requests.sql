-- requests.sql: how many requests intake knows.
SELECT count(*) FROM intake.requests
