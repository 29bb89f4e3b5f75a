-- forget_dead_letter_keys.sql: the keys of days whose records are gone.
DELETE FROM dead_letter_keys k WHERE k.day < $1 AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.day = k.day)
