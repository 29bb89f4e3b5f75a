"""How a process runs: what it is told, what it says of itself, how it stops.

Pure parts that a domain may import: `clock`, `identifiers`, `refusals`. The doors use `problems` and `health`, `main` the rest.
"""
