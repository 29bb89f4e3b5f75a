"""Who may do what: staff by signed tokens and roles, frontends by keys; every look at personal data is audited.

`roles` is pure, a domain may import it. `passwords` and `second_factor` are what people prove themselves with.
`tokens` signs and checks; `staff`, `sessions` and `frontends` are what a route depends on.
"""
