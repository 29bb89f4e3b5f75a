-- gaps_state.sql: how many ranges were asked for and have not come, and how many rows of the log the search has not seen yet.
SELECT
    (SELECT count(*) FROM gaps WHERE asked > 0) AS told,
    (SELECT count(*) FROM gaps) AS open,
    (SELECT sum(head.position - place.position) FROM gap_places AS place JOIN log_heads AS head USING (shard))::bigint AS unread
