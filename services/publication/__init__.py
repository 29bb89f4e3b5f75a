"""Owns the materials an authority publishes, their approval by the head, the public pages and feeds, and staleness.

Hears notifier.deliveries (posts placed), history.events and staff.events.
Publishes publication.materials; its code comes with its own issue, until then it has no process.
"""
