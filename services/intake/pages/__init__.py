"""The desk: pages for staff under /desk. `frame` is what they stand in; each folder is a part, each file one subject with its addresses."""
