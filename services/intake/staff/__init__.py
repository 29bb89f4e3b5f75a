"""Who works here: accounts, signing in with a password or by a provider, deputies. Nothing here knows of requests."""
