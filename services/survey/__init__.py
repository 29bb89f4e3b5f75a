"""Owns surveys, invitations, blind issuing of tokens, anonymous answers and their reports.

Hears intake.requests (after closing), consent.events, its own survey.answers, history.events and staff.events.
Publishes survey.events, survey.invitations and survey.answers; its code comes with its own issue, until then it has no process.
"""
