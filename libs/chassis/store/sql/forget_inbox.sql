-- forget_inbox.sql: ids older than sixty days; topics keep 14 days, dead letters and republishing reach back 30 (R-6).
DELETE FROM inbox WHERE seen_at < $1
