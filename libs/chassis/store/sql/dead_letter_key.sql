-- dead_letter_key.sql: the wrapped key of one day's dead letters.
SELECT wrapped FROM dead_letter_keys WHERE day = $1
