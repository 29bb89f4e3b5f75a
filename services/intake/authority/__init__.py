"""What the authority decides about itself, read over its file, and what frontends may tell people of it."""
