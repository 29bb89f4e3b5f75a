"""Owns notices to one client and their delivery: the site, frontends, e-mail; what goes by post or phone waits here for staff.

Hears intake.requests (visible status changes) and channel.inbound (what frontends report of notices handed to them).
Publishes notifier.deliveries and channel.outbound.
"""
