"""The figures: each an absolute value, the floor that the same machine sets in the same run, and the ratio of the two.

`python -m bench` measures, `python -m bench.soak` keeps the town under load and looks at the end whether anything was lost,
`python -m bench.desk_soak` lets thirty colleagues work at the desk meanwhile and looks whether any of them lost an update.
A composition root beside cli and local: it starts the real processes and changes nothing in them.
"""
