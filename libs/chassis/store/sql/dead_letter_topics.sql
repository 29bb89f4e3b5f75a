-- dead_letter_topics.sql: where unsettled records with a lane came from; a key's lane is found topic by topic.
SELECT DISTINCT topic FROM dead_letters WHERE settled_at IS NULL AND lane IS NOT NULL
