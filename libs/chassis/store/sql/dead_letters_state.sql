-- dead_letters_state.sql: how many keys wait, how many records lie here unsettled, since when the oldest that others wait for.
SELECT
    (SELECT count(*) FROM dead_letter_lanes) AS lanes,
    (SELECT count(*) FROM dead_letters WHERE settled_at IS NULL) AS unsettled,
    (SELECT min(set_aside_at) FROM dead_letters WHERE settled_at IS NULL AND lane IS NOT NULL) AS oldest
