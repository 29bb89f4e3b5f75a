-- fill_links.sql: whose the threads of fill_log.sql are.
INSERT INTO history.thread_links (thread_id, client_id, request_id, point)
SELECT DISTINCT thread_id, client_id, request_id, point FROM history.log WHERE position >= 1000000000
