-- plan_anew.sql: for the rest of this transaction each query is planned for its own arguments, so that absent filters cost nothing.
SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off
