"""The contracts of Otklik: every event that crosses a service border, its envelope and its topic.
Pure: no I/O and no framework, so that a frontend needs this package alone.
Start with `envelope.py` (what surrounds an event), `topics.py` (where it travels), `contracts/` (what it says).
"""
