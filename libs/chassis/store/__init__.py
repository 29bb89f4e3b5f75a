"""What every service keeps in its own PostgreSQL schema: events, keys, outbox, inbox, read models."""
