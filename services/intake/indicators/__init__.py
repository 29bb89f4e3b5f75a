"""Indicators of the authority's work (N-1.2): counted from `measures`, a read model of the requests' events, as they stood on any day.

`figures.py` counts, `review.py` asks the store, `papers.py` writes the tables to take away.
"""
