"""Environment variables as a carrier between a process and those it starts: TRACEPARENT, TRACESTATE, BAGGAGE.

OpenTelemetry specification, "Environment Variables as Context Propagation Carriers" (release candidate, read November
2026): a header's name in upper case, every character but letters, digits and underscore replaced by one, an underscore
in front of a digit. Read them when the process starts; later changes are for its children. Only W3C's formats are read
unless others are asked for: REQUEST_ID or B3 may well mean something else in an environment.
"""

from .composite import SENT, extract, inject
from .headers import Headers
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping

    from .composite import Extracted, Format
    from .context import TraceContext

_NOT_IN_NAMES = Pattern(r"[^A-Z0-9_]")
_UPPER = str.maketrans({chr(code): chr(code - 32) for code in range(ord("a"), ord("z") + 1)})


def variable(name: str) -> str:
    """The variable that carries a header: `x-b3-traceid` is X_B3_TRACEID, "" is an underscore."""
    replaced = _NOT_IN_NAMES.sub("_", name.translate(_UPPER))
    return replaced if replaced and not replaced[0].isdigit() else f"_{replaced}"


def read(environ: "Mapping[str, str]", formats: "Iterable[Format]" = SENT) -> "Extracted":
    """What the environment says in any of the formats; see .composite."""
    formats = tuple(formats)
    names = dict.fromkeys(field for module in formats for field in module.FIELDS)
    return extract(Headers((name, environ.get(variable(name))) for name in names), formats)


def write(
    context: "TraceContext",
    environ: "MutableMapping[str, str]",
    formats: "Iterable[Format]" = SENT,
    baggage: "Iterable[tuple[str, str]]" = (),
) -> None:
    """Set the variables in `environ`, which is a child's environment and not this process's."""

    def put(name: str, value: str) -> None:
        environ[variable(name)] = value

    inject(context, put, formats, baggage)
