"""What history keeps, how it is chained, what belongs to whom, and what staff may ask. Pure."""
