-- words_waiting.sql: changes that the index of words has not read yet.
SELECT count(*) FROM intake.words_pending
