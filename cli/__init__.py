"""`otklik`, the command line of whoever runs the system; `python -m cli --help` lists what it can do.

A composition root above the services: it reads their settings and calls their parts, and no service imports it.
"""
