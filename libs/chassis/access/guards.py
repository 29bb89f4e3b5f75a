"""Which route is open to whom, read from the app itself: a guard test compares it with the list that the service agreed on."""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import RequiredSession
from libs.chassis.access.staff import RequiredStaff


class Guarded(NamedTuple):
    """One route and who may use it; neither roles nor frontends: open to everybody."""

    method: str
    path: str
    roles: frozenset[Role]
    frontends: bool


def guarded_routes(app: FastAPI) -> Iterator[Guarded]:
    """Every route of the app, and of an app mounted in it, but the generated documentation."""
    for context in iter_route_contexts(app.routes):
        mounted = context.original_route
        if isinstance(mounted, Mount) and isinstance(mounted.app, FastAPI):
            for route in guarded_routes(mounted.app):
                yield route._replace(path=f"{mounted.path}{route.path}")
            continue
        dependant = getattr(context, "dependant", None)
        if isinstance(dependant, Dependant):
            calls = [each.call for each in _all(dependant)]
            allowed = [call.roles for call in calls if isinstance(call, RequiredStaff | RequiredSession)]
            roles = frozenset.intersection(*allowed) if allowed else frozenset[Role]()
            for method in sorted(context.methods or ()):
                yield Guarded(method, context.path or "", roles, any(isinstance(call, FrontendKeys) for call in calls))


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from _all(inner)
