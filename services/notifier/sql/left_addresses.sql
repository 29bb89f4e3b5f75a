-- left_addresses.sql: which notices are marked as left; all are locked in the order of ids: none is marked until their outcome is written.
SELECT notice_id, address_left FROM notices WHERE notice_id = ANY($1::uuid[]) ORDER BY notice_id FOR UPDATE
