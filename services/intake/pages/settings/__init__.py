"""Pages on which the authority sets itself up."""
