"""Pages about people who work here: signing in, one's own page, accounts, deputies."""
