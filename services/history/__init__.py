"""Owns the interaction log of five years: sealed, chained, only ever appended to; the read models that find a client's entries in it.

Hears every topic and its dead letters, but for survey.answers and survey.invitations; its own facts it appends directly, all but the
signed heads of the log, which would move what they sign.
Publishes history.events.
"""
