"""Owns notices to one client and their delivery: the site, frontends, e-mail; what goes by post or phone waits here for staff.

Hears intake.requests (visible statuses; a change of the e-mail address, which ends what waits for the old one), channel.inbound
(what frontends report of notices they were handed), staff.events (whose tokens are worth nothing any more), authority.events (in whose
name it writes; trials of the mail server) and history.events (what history has not heard).
Publishes notifier.deliveries, notifier.trials and channel.outbound.
"""
