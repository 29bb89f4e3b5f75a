-- note_reminder.sql: notes that a code goes to the address with this mark, unless $4 went there since $3; once for all, under the register's lock.
INSERT INTO reminders (mark, sent_at)
SELECT $1, $2 WHERE (SELECT count(*) FROM reminders WHERE mark = $1 AND sent_at > $3) < $4
RETURNING true
