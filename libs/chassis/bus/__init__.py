"""What every service hears and says on Kafka: batch subscribers, effects once, dead letters, the relay of the outbox."""
