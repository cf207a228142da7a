"""Spans and context of what a function calls: AWS through botocore's hooks, HTTP through the usual clients.

    instrument()                    all of CLIENTS: those that are imported now, the others as soon as they are
    instrument("botocore", "httpx") only these
    instrument(client)              a botocore client, a boto3 resource or session that the search did not find
    uninstrument(…)                 the same, backwards

What a function never imports costs it nothing, neither does asking for it here.
"""

from .imports import no_longer, when_imported
from .switches import is_on, switch_off, switch_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ..tracer import Tracer

# A client's name: the module to wait for, and ours that knows it, with start(module) and stop(module).
CLIENTS = {
    "botocore": ("botocore", ".aws.hooks"),
    "urllib3": ("urllib3.connectionpool", ".http.urllib3_pools"),
    "requests": ("requests.sessions", ".http.requests_sessions"),
    "httpx": ("httpx", ".http.httpx_clients"),
    "http.client": ("http.client", ".http.http_connections"),
}

_STARTED: set[str] = set()


def instrument(*targets: "Any", tracer: "Callable[[], Tracer] | None" = None) -> None:
    """Trace these clients' calls from now on; without any, all of CLIENTS. Twice is once. Never raises.

    `targets`: names of CLIENTS (others are counted as an error), botocore clients, boto3 resources or sessions.
    `tracer`: gives whose spans they become; the process's tracer, if nothing else is said.
    """
    source = tracer or _process_tracer
    for target in targets or tuple(CLIENTS):
        _guarded(source, _start, target, source)


def uninstrument(*targets: "Any") -> None:
    """Trace these clients' calls no longer; without any, all. Never raises."""
    for target in targets or tuple(CLIENTS):
        _guarded(_process_tracer, _stop, target)


def _start(target: "Any", source: "Callable[[], Tracer]") -> None:
    if not isinstance(target, str):
        _listen(target, source)
        return
    awaited, ours = CLIENTS[target]
    switch_on(target, source)
    if target in _STARTED:
        return
    _STARTED.add(target)
    when_imported(awaited, lambda module: _guarded(source, _ours(ours).start, module))


def _listen(target: "Any", source: "Callable[[], Tracer]") -> None:
    """One client or session; botocore is switched on for it, if it was not."""
    hooks = _ours(CLIENTS["botocore"][1])
    if not is_on("botocore"):
        switch_on("botocore", source)
    hooks.listen(hooks.events_of(target))


def _stop(target: "Any") -> None:
    if not isinstance(target, str):
        hooks = _ours(CLIENTS["botocore"][1])
        hooks.unlisten(hooks.events_of(target))
        return
    awaited, ours = CLIENTS[target]
    switch_off(target)
    no_longer(awaited)
    module = _imported(awaited)
    was_started = target in _STARTED
    _STARTED.discard(target)
    if was_started and module is not None:
        _ours(ours).stop(module)


def _ours(name: str) -> "Any":
    from importlib import import_module  # noqa: PLC0415  # built in, but a look at the disk where it is not yet needed

    return import_module(name, __name__)


def _imported(name: str) -> "ModuleType | None":
    import sys  # noqa: PLC0415

    return sys.modules.get(name)


def _process_tracer() -> "Tracer":
    from ..tracer import tracer  # noqa: PLC0415

    return tracer()


def _guarded(source: "Callable[[], Tracer]", act: "Callable[..., Any]", *given: "Any") -> None:
    try:
        act(*given)
    except Exception as error:
        try:  # noqa: SIM105  # contextlib is not imported for this
            source().swallow(error, "instrument")
        except Exception:  # without a tracer there is nobody to tell
            pass
