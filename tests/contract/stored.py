"""Every event that is kept anywhere: those that travel, and those that a service keeps for itself."""

import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import services
from libs.events.contracts import CONTRACTS, REGISTRY
from libs.events.fact import Event
from libs.events.registry import Registry

TRAVELLING = tuple(event for events in CONTRACTS.values() for event in events)


def _own() -> tuple[type[Event], ...]:
    """Events that a service's domain defines: they are stored and never published."""
    classes = [one for module in _domains() for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    return tuple(sorted((one for one in classes if issubclass(one, Event)), key=lambda event: event.type_name()))


def _domains() -> Iterator[ModuleType]:
    for service in pkgutil.iter_modules(services.__path__, "services."):
        if importlib.util.find_spec(f"{service.name}.domain") is not None:
            domain = importlib.import_module(f"{service.name}.domain")
            yield domain
            for inner in pkgutil.iter_modules(getattr(domain, "__path__", ()), f"{domain.__name__}."):
                yield importlib.import_module(inner.name)


OWN = _own()
STORED = (*TRAVELLING, *OWN)
BY_TYPE = {event.type_name(): event for event in STORED}


def registry_of(type_name: str) -> Registry:
    """The registry that reads this type."""
    return Registry(OWN) if type_name in {event.type_name() for event in OWN} else REGISTRY
