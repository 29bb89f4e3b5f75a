"""Accounts and deputies: state, decide, evolve. Pure."""
