"""Channel frontends: one small process per outside world. None has a store or imports a service; all they know is docs/frontends."""
