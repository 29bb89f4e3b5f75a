-- requests_by_number.sql: requests by reference or register number, both in the form of what is looked for: plain capitals.
SELECT asked.looked, r.request_id FROM unnest($1::text[]) AS asked (looked) JOIN requests r ON r.reference = asked.looked
UNION ALL
SELECT asked.looked, r.request_id FROM unnest($1::text[]) AS asked (looked) JOIN requests r ON r.plain_no = asked.looked
