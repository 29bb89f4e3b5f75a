-- plan_anew.sql: for the rest of this transaction each query is planned for its own arguments, so that absent filters cost nothing, and as the
-- planner likes: for some questions reading all of a month is the shortest way.
SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off;
SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on
