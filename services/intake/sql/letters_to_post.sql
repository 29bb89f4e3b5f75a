-- letters_to_post.sql: requests whose letter waits for the post, the oldest letters first, at most $1.
SELECT request_id FROM letters WHERE awaits_post ORDER BY sent_on, number LIMIT $1
