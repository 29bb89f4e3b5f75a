"""The desk: pages for staff under /desk. `frame` is what they stand in, every other file is one subject with its addresses."""
