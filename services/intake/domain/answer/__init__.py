"""The answer: its drafts, who checks and approves them, and the letter that leaves. Pure."""
