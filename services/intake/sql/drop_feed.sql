-- drop_feed.sql: this address opens nothing any more.
DELETE FROM feeds WHERE account_id = $1 AND scope = $2
