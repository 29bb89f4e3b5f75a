"""Owns requests from arrival to answer or reasoned refusal, the clients who asked and what they are known by, the register,
the accounts of staff, and what the authority decided about itself.

Hears channel.inbound at its Kafka door; its HTTP door takes the same messages from frontends without Kafka. Hears notifier.trials (what
became of trials of the mail server) and history.events, which asks for events that history has not heard and says which files it has.
Publishes intake.requests, intake.clients, intake.attachments, staff.events, authority.events, audit.events and channel.receipts, and on
behalf of HTTP frontends channel.inbound.
"""
