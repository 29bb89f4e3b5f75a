"""What the authority decides: its set-up, its lists, its calendar. Pure."""
