"""One machine instead of a cluster: real Apache Kafka, real PostgreSQL and a mail catcher without Docker, and every process of the tree.

`make up` and `make test` begin here with the system's Python and its standard library alone; what needs a package runs in `.venv`.
Everything it makes lies under `.local/`, `.venv/` and `node_modules/`; `make fresh` removes the first.
"""
