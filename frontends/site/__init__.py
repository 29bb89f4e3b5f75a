"""The site's own form for requests, its receipt, and the status page; plain pages that need no JavaScript.

It hears nothing from Kafka and keeps nothing: what a person typed goes to intake's HTTP door, what the page shows comes from there.
It publishes no event itself: intake does so for it, as for every frontend that uses the HTTP door.
"""
