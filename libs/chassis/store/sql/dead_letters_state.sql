-- dead_letters_state.sql: how many keys wait, how many records lie here unsettled, and since when the oldest of them.
SELECT
    (SELECT count(*) FROM dead_letter_lanes) AS lanes,
    (SELECT count(*) FROM dead_letters WHERE settled_at IS NULL) AS unsettled,
    (SELECT min(set_aside_at) FROM dead_letters WHERE settled_at IS NULL) AS oldest
