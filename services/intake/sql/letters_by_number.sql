-- letters_by_number.sql: the marks of what left under the number $1, as it is typed, and when.
SELECT sha256, sent_on FROM letters WHERE number = $1
