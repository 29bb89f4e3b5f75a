"""History is told what every service is, and nothing beside it."""

from libs.chassis.ops.settings import ServiceSettings


class HistorySettings(ServiceSettings):
    """The master key wraps the keys of history's own threads: no other service's."""
