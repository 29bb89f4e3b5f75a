-- destructions.sql: every destruction of this store, in order.
SELECT thread_id, destroyed_at FROM destroyed_threads ORDER BY destroyed_at, thread_id
