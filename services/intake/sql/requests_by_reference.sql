-- requests_by_reference.sql: requests by reference or register number, as people type them: blanks, dashes and case do not matter.
SELECT asked.looked, r.request_id FROM unnest($1::text[]) AS asked (looked) JOIN requests r ON r.reference = asked.looked
UNION
SELECT asked.looked, r.request_id FROM unnest($1::text[]) AS asked (looked) JOIN requests r
ON upper(translate(r.reg_no, '- ', '')) = asked.looked
