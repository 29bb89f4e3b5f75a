-- fill_log.sql: the log's rows $1 to $2 of other clients, spread over the time $4 from $3 on; five to a thread.
-- Real in them are their size and that ids of threads are ordered by time.
INSERT INTO history.log (
    shard, position, stored_at, event_id, type, version, authority, producer, aggregate_id, seq, thread_id, client_id, request_id, point,
    actor_role, actor_id, occurred_at, recorded_at, topic, kafka_partition, kafka_offset, record_timestamp_ms, open, sealed, commitment, hash
)
SELECT
    n % 8, 1000000000 + n, at, gen_random_uuid(), 'RequestStatusChanged', 1, 'demo', 'intake', thread::text, n % 5 + 1, thread,
    md5('client ' || n / 50)::uuid, thread::text, 'site', 'frontend', 'site', at, at, 'intake.requests.v1', n % 12, n, 0,
    json_build_object('reg_no', 'ЗИ-' || n / 5 || '/2030', 'to_status', 'registered', 'visible', true, 'reference', left(md5(n::text), 10)),
    decode(repeat(md5(n::text), 37), 'hex'), sha256(n::text::bytea), sha256(n::text::bytea)
FROM generate_series($1::bigint, $2::bigint) AS n,
    LATERAL (SELECT $3::timestamptz + $4::interval * ((n / 5 * 5 - $1)::float / ($2 - $1 + 1)) AS began) AS thread_of,
    LATERAL (SELECT
        (lpad(to_hex((extract(epoch FROM began) * 1000)::bigint), 12, '0') || '7000' || overlay(substr(md5((n / 5)::text), 1, 16) PLACING '8' FROM 1))::uuid
        AS thread,
        began + interval '1 minute' * (n % 5) AS at) AS made
