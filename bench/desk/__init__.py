"""The desk's soak: thirty invented colleagues at the real pages, what they did beside what the stores have of it, and how long it took."""
