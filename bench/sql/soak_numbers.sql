-- soak_numbers.sql: the register as a whole; without gap or double, all four are one number.
SELECT count(*) AS requests, count(number) AS numbers, count(DISTINCT number) AS different, coalesce(max(number), 0) AS highest
FROM intake.requests
