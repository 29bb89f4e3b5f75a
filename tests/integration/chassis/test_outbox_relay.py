"""The outbox and its relay, on real Kafka and PostgreSQL."""
