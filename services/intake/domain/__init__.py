"""Intake's rules: requests, clients, the register, and how a message becomes a request; staff, authority and uploads in folders. Pure."""
