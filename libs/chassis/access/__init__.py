"""Who may do what: staff by signed tokens and roles, frontends by keys; every look at personal data is audited.

`roles` is pure, a domain may import it. `tokens` signs and checks; `staff`, `sessions` and `frontends` are what a route depends on.
"""
