"""A span while it is recorded. Field by field OTLP's (chalicelib/model/span.py is the backend's form of the same)."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..propagation.context import TraceContext

    Scalar = str | bool | int | float
    Value = Scalar | Sequence[str] | Sequence[bool] | Sequence[int] | Sequence[float]

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5  # OTLP, Span.SpanKind
UNSET, OK, ERROR = 0, 1, 2  # OTLP, Status.StatusCode


class Event:
    """Something that happened at `time_ns`."""

    __slots__ = ("attributes", "name", "time_ns")

    def __init__(self, time_ns: int, name: str, attributes: "dict[str, Value]") -> None:
        self.time_ns = time_ns
        self.name = name
        self.attributes = attributes


class Link:
    """Another span this one knows of."""

    __slots__ = ("attributes", "context")

    def __init__(self, context: "TraceContext", attributes: "dict[str, Value]") -> None:
        self.context = context
        self.attributes = attributes


class Span:
    """One operation. `end_ns` is 0 until it ends; an open span can be exported (a time-out), and says so.

    Ids are lower hex, `parent_id` "" for a root; `flags` W3C's. The methods that record do nothing once the span has
    ended, and never raise.
    """

    __slots__ = (
        "attributes", "dropped_attributes", "dropped_events", "dropped_links", "end_ns", "events", "flags",
        "is_parent_remote", "is_recording", "kind", "links", "name", "now_ns", "parent_id", "scope", "span_id",
        "start_ns", "status_code", "status_message", "trace_id", "trace_state",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        trace_id: str,
        span_id: str,
        now_ns: "Callable[[], int]",
        start_ns: int = 0,
        parent_id: str = "",
        kind: int = INTERNAL,
        flags: int = 0,
        trace_state: str = "",
        is_parent_remote: bool = False,
        attributes: "dict[str, Value] | None" = None,
        scope: str = "spanfold",
    ) -> None:
        self.name = name
        self.trace_id = trace_id
        self.span_id = span_id
        self.now_ns = now_ns
        self.start_ns = start_ns or now_ns()
        self.end_ns = 0
        self.parent_id = parent_id
        self.kind = kind
        self.flags = flags
        self.trace_state = trace_state
        self.is_parent_remote = is_parent_remote
        self.is_recording = True
        self.status_code = UNSET
        self.status_message = ""
        self.attributes: dict[str, Value] = attributes if attributes is not None else {}
        self.events: list[Event] = []
        self.links: list[Link] = []
        self.dropped_attributes = 0
        self.dropped_events = 0
        self.dropped_links = 0
        self.scope = scope
