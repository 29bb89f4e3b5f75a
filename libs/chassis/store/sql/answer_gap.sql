-- answer_gap.sql: true once for the same question until it was answered before $6; the caller sorts, so two replicas can't deadlock.
INSERT INTO answered_gaps AS answered (topic, aggregate_id, from_seq, to_seq, answered_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (topic, aggregate_id, from_seq, to_seq) DO UPDATE SET answered_at = excluded.answered_at WHERE answered.answered_at < $6
RETURNING true
