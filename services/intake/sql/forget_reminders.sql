-- forget_reminders.sql: what was noted up to $1 counts no more.
DELETE FROM reminders WHERE sent_at <= $1
