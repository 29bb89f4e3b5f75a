"""The six services: each one process, one schema and one job; they share libs/ and talk by events alone."""
