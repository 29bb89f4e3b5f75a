-- 0003_months.sql: making the next months waits for nobody: what is locked for longer than a moment, by a backup perhaps, is left for the next time.
CREATE OR REPLACE FUNCTION log_make_months(today date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wanted timestamp;
BEGIN
    SET LOCAL lock_timeout = '2s';
    FOR wanted IN SELECT date_trunc('month', today::timestamp) + make_interval(months => n) FROM generate_series(0, 2) AS n LOOP
        IF to_regclass(format('log_%s', to_char(wanted, 'YYYYMM'))) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF log FOR VALUES FROM (%L) TO (%L)',
                    'log_' || to_char(wanted, 'YYYYMM'),
                    wanted AT TIME ZONE 'UTC', (wanted + interval '1 month') AT TIME ZONE 'UTC');
            EXCEPTION WHEN check_violation OR lock_not_available THEN
                NULL; -- a month whose entries already lie in the default partition stays there; a locked table is tried again in an hour
            END;
        END IF;
    END LOOP;
END $$;
