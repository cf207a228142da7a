"""One line of the route table."""

from collections.abc import Callable
from enum import Enum
from importlib import import_module

import msgspec

from chalicelib.model.access import Principal, Scope
from chalicelib.model.errors import NoCredentials
from chalicelib.routes.answers import Answer, Dialect
from chalicelib.routes.request import Request
from chalicelib.services import Services

View = Callable[[Services, Principal | None, Request], Answer]


class Open(Enum):
    """Stands where a scope would: said out loud, because no endpoint is open by omission."""

    PUBLIC = "public"


PUBLIC = Open.PUBLIC


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A method of a path: what a caller's key must be made for, who answers, and in whose words it goes wrong.

    The view gets None for the caller only where `scope` is PUBLIC.
    """

    method: str
    path: str
    scope: Scope | Open
    dialect: Dialect
    view: View


def on_first_use(module: str, name: str) -> View:
    """The view `name` of `module`, which is imported when the first request for it comes.

    So a cold container that only takes spans does not wait for dialects that nobody asks it for.
    """

    def view(services: Services, caller: Principal | None, request: Request) -> Answer:
        found: View = getattr(import_module(module), name)
        return found(services, caller, request)

    return view


def tenant_of(caller: Principal | None) -> str:
    """Whose spans these are. Raises NoCredentials when nobody was let in: a view called past the gate fails closed."""
    if caller is None:
        raise NoCredentials("nobody was let in")
    return caller.tenant
