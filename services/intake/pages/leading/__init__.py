"""Pages for who answers for the work of others: indicators, and what is at risk."""
