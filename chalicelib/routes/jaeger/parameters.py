"""Parameters of Jaeger's two APIs, and what they default to."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.codecs.jaeger import params
from chalicelib.codecs.jaeger.params import NS_PER_MS, NS_PER_US
from chalicelib.codecs.jaeger.search import Asked
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import QueryError
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window
from chalicelib.routes.request import Request
from chalicelib.services import Services

T = TypeVar("T")

LOOKBACK_NS = 48 * HOUR_S * NS_PER_S  # of a search that says no start
DEFAULT_LIMIT = 100
MAX_LIMIT = 1500  # the most that the UI offers
MOST_MS = 10**15  # of a moment and a length: past any clock
V3_SECONDS = 8  # its UI gives up after ten

# The names that v3 gives its parameters, and those that it takes as well.
SERVICE = ("query.serviceName", "query.service_name")
OPERATION = ("query.operationName", "query.operation_name")
START, END = ("query.startTimeMin", "query.start_time_min"), ("query.startTimeMax", "query.start_time_max")
DEPTH = ("query.searchDepth", "query.search_depth", "query.num_traces", "query.numTraces")
SHORTEST, LONGEST = ("query.durationMin", "query.duration_min"), ("query.durationMax", "query.duration_max")
ATTRIBUTES, FILTER = ("query.attributes",), ("query.filter",)
RAW, RAW_OF_TRACE = ("query.rawTraces", "query.raw_traces"), ("rawTraces", "raw_traces")


def asked_of(services: Services, request: Request) -> Asked:
    """What `/api/traces` searches for. Raises QueryError in Jaeger's words."""
    service = request.find_one("service")
    if not service:
        raise QueryError("parameter 'service' is required")
    now_ns = services.now_ns()
    end_ns, start_ns = _moment(request, "end", now_ns), _moment(request, "start", now_ns - LOOKBACK_NS)
    shortest, longest = _duration(request, "minDuration"), _duration(request, "maxDuration")
    if shortest and longest and longest < shortest:
        raise QueryError("'maxDuration' should be greater than 'minDuration'")
    return Asked(
        service=service,
        operation=request.find_one("operation") or "",
        attributes=params.tags(request.query.get("tag", ()), request.query.get("tags", ())),
        start_min_ns=start_ns,
        start_max_ns=end_ns,
        duration_min_ns=shortest,
        duration_max_ns=longest,
        limit=_limit(legacy(request, "limit", params.whole_number, DEFAULT_LIMIT), "limit"),
    )


def asked_of_v3(request: Request) -> Asked:
    """What `/api/v3/traces` and `/trace-summaries` search for. Raises QueryError in Jaeger's words."""
    if named(request, FILTER):
        raise QueryError("query.filter is not supported; use query.attributes")
    start_ns, end_ns = v3(request, START, params.moment_ns, None), v3(request, END, params.moment_ns, None)
    if start_ns is None or end_ns is None:
        raise QueryError(f"{START[0]} and {END[0]} are required")
    if start_ns >= end_ns:
        raise QueryError(f"{START[0]} must be before {END[0]}")
    shortest, longest = v3(request, SHORTEST, params.duration_ns, 0), v3(request, LONGEST, params.duration_ns, 0)
    if shortest and longest and longest < shortest:
        raise QueryError(f"{LONGEST[0]} must be greater than {SHORTEST[0]}")
    tags = named(request, ATTRIBUTES)
    return Asked(
        service=named(request, SERVICE) or "",
        operation=named(request, OPERATION) or "",
        attributes=params.attributes(tags, f"malformed parameter {ATTRIBUTES[0]}") if tags else {},
        start_min_ns=start_ns,
        start_max_ns=end_ns,
        duration_min_ns=shortest,
        duration_max_ns=longest,
        limit=_limit(v3(request, DEPTH, params.whole_number, DEFAULT_LIMIT), DEPTH[0]),
    )


def soon(services: Services, deadline: Deadline) -> Deadline:
    """The deadline of an answer of v3."""
    return Deadline(min(deadline.at_ns, services.now_ns() + V3_SECONDS * NS_PER_S), deadline.now_ns)


def names_window(services: Services) -> Window:
    """How far back names are looked for."""
    now_ns = services.now_ns()
    return Window(max(0, now_ns - services.settings.query_lookback_ms * NS_PER_MS), now_ns + 1)


def is_raw(request: Request) -> bool:
    """Whether the trace is wanted as it is stored. Raises QueryError."""
    return legacy(request, "raw", params.truth, default=False)


def legacy(request: Request, name: str, read: Callable[[str], T], default: T) -> T:
    """A parameter of the first API. Raises QueryError in its words."""
    text = request.find_one(name)
    if not text:
        return default
    try:
        return read(text)
    except ValueError as error:
        raise QueryError(f"unable to parse param '{name}': {error}") from error


def millis(request: Request, name: str, default_ms: int) -> int:
    """Milliseconds above zero: a moment or a length. Raises QueryError."""
    found = legacy(request, name, params.whole_number, default_ms)
    if not 0 < found <= MOST_MS:
        raise QueryError(f"unable to parse param '{name}': {found} is not a number of milliseconds above zero")
    return found


def v3(request: Request, names: tuple[str, ...], read: Callable[[str], T], default: T) -> T:
    """A parameter of v3, by any of its names. Raises QueryError in its words."""
    text = named(request, names)
    if not text:
        return default
    try:
        return read(text)
    except ValueError as error:
        raise QueryError(f"malformed parameter {names[0]}: {error}") from error


def named(request: Request, names: tuple[str, ...]) -> str | None:
    """The text of a parameter by the first of its names that is there."""
    return next((found for name in names if (found := request.find_one(name))), None)


def trace_id_of(request: Request) -> str:
    """The trace id in the path, 32 digits. Raises QueryError."""
    return read_trace_id(request.path_params["trace_id"])


def read_trace_id(text: str) -> str:
    """32 digits. Raises QueryError, also for an id that no trace has."""
    try:
        found = params.trace_id(text.strip())
    except ValueError as error:
        raise QueryError(f"unable to parse param 'traceID': {error}") from error
    if not found.strip("0"):
        raise QueryError("unable to parse param 'traceID': an id of zeros names no trace")
    return found


def _moment(request: Request, name: str, default_ns: int) -> int:
    return max(0, legacy(request, name, lambda text: params.whole_number(text) * NS_PER_US, default_ns))


def _duration(request: Request, name: str) -> int:
    return legacy(request, name, params.duration_ns, 0)


def _limit(count: int, name: str) -> int:
    if count <= 0:
        raise QueryError(f"{name} must be greater than zero")
    return min(count, MAX_LIMIT)
