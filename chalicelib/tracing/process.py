"""What a program asks of its one tracer."""

import os

from .config import Config
from .tracer import Tracer, install, tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exporters.port import Exporter
    from .span import Span


def current_span() -> "Span":
    """The span that is current in this thread or task; outside of any one that records nothing.

    So that `current_span().set_attribute(…)` works wherever a function's code is run: in its own tests, and with
    tracing switched off.
    """
    here = tracer()
    return here.current() or here.nothing()


def flush() -> None:
    """Send now what has ended. Within an invocation that is seldom needed: it ends with a flush."""
    tracer().flush()


def configure(
    exporter: "Exporter | None" = None,
    environ: "Mapping[str, str] | None" = None,
    *,
    now_ns: "Callable[[], int] | None" = None,
    random_bytes: "Callable[[int], bytes] | None" = None,
    **variables: str,
) -> Tracer:
    """Replace the process's tracer by one of `environ` (the process's own environment), overlaid by `variables`.

        configure(OTEL_SERVICE_NAME="orders", SPANFOLD_EXPORTER="http")

    Not to be called within an invocation.
    """
    from time import time_ns  # noqa: PLC0415

    from . import resource  # noqa: PLC0415

    given = {**(os.environ if environ is None else environ), **variables}
    config = Config(given)
    attributes = resource.of(given, config)
    return install(Tracer(config, exporter, now_ns or time_ns, random_bytes or os.urandom, attributes))
