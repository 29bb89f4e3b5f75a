"""Owns the consent ledger, mailings with their letters, and the suppression of addresses.

Hears consent acts on channel.inbound, publication.materials, notifier.deliveries (dead addresses), history.events and staff.events.
Publishes consent.events and mailing.events; its code comes with its own issue, until then it has no process.
"""
