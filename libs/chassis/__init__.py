"""What every service is built on; it knows no service.

`ops/` settings, clock, logs, traces, metrics, health, stop; `access/` tokens, roles, credentials; `store/` and `bus/` events and Kafka.
Inside: `ops` imports none of the other three, `access` may import `ops`.
"""
