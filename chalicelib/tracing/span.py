"""A span while it is recorded. Field by field OTLP's (chalicelib/model/span.py is the backend's form of the same).

Limits are those of OpenTelemetry's SDKs ("Span Limits"); what is over is dropped and counted. A text is cut at
`limits.value_characters`, the end of a stack trace being kept rather than its beginning.
"""

from functools import update_wrapper

from ..propagation.context import RANDOM, SAMPLED, TraceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol, TypeVar

    M = TypeVar("M", bound=Callable[..., None])
    Scalar = str | bool | int | float | bytes
    Value = Scalar | Sequence[str] | Sequence[bool] | Sequence[int] | Sequence[float]

    class Sink(Protocol):
        """Where a span goes when it ends."""

        limits: "Limits"

        def began(self, span: "Span") -> None:
            """Know of an open span."""

        def ended(self, span: "Span") -> None:
            """Take the span; it is not changed any more, but by whoever started it."""

        def swallow(self, error: BaseException, where: str) -> None:
            """Count what a span was given and could not take."""


INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5  # OTLP, Span.SpanKind
UNSET, OK, ERROR = 0, 1, 2  # OTLP, Status.StatusCode
MAX_SEQUENCE = 128  # values of one attribute
_INT64 = 1 << 63
_SEQUENCES = (list, tuple, set, frozenset)


def _swallowing(method: "M") -> "M":
    """What a function of the user's gives a method, or its values do in it, does not come back to the function."""

    def call(self: "Span", *args: object, **kwargs: object) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if self.sink is not None:
                self.sink.swallow(error, method.__name__)

    update_wrapper(call, method)
    return call  # type: ignore[return-value]


class Limits:
    """How much one span holds."""

    __slots__ = ("attributes", "events", "item_attributes", "links", "value_characters")

    def __init__(
        self,
        attributes: int = 128,
        events: int = 128,
        links: int = 128,
        value_characters: int = 4096,
        item_attributes: int = 128,
    ) -> None:
        self.attributes = attributes
        self.events = events
        self.links = links
        self.value_characters = value_characters
        self.item_attributes = item_attributes  # of an event, or a link


DEFAULT_LIMITS = Limits()


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

    def __init__(self, context: "TraceContext", attributes: "dict[str, Value] | None" = None) -> None:
        self.context = context
        self.attributes = attributes or {}


class Span:
    """One operation. `end_ns` is 0 until it ends; an open span can be exported (a time-out), and says so.

    Ids are lower hex, `parent_id` "" for a root; `flags` W3C's. The methods that record do nothing once the span has
    ended, or where it is not recorded, and never raise: what cannot be a value is written as its `str`, and None is no
    value.
    """

    __slots__ = (
        "attributes", "dropped_attributes", "dropped_events", "dropped_links", "end_ns", "events", "flags",
        "is_parent_remote", "is_recording", "kind", "links", "name", "now_ns", "parent_id", "scope", "sink", "span_id",
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
        sink: "Sink | None" = None,
    ) -> None:
        self.name = name
        self.trace_id = trace_id
        self.span_id = span_id
        self.now_ns = now_ns
        self.start_ns = int(start_ns) if start_ns else now_ns()
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
        self.sink = sink

    @property
    def context(self) -> "TraceContext":
        """What a carrier is told of this span."""
        return TraceContext(
            self.trace_id,
            self.span_id,
            sampled=bool(self.flags & SAMPLED),
            random=bool(self.flags & RANDOM),
            trace_state=self.trace_state,
        )

    @property
    def limits(self) -> Limits:
        """How much it holds."""
        return self.sink.limits if self.sink else DEFAULT_LIMITS

    def set_attribute(self, key: str, value: object) -> None:
        """Set, or replace. `value` is text, a bool, a number, bytes or a sequence of one of them."""
        if self.is_recording:
            limits = self.sink.limits if self.sink is not None else DEFAULT_LIMITS
            self.dropped_attributes += _put(self.attributes, key, value, limits.attributes, limits)

    @_swallowing
    def set_attributes(self, attributes: "Mapping[str, object]") -> None:
        """Set each."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    @_swallowing
    def add_event(self, name: str, attributes: "Mapping[str, object] | None" = None, time_ns: int = 0) -> None:
        """Something happened, now or at `time_ns`."""
        if not self.is_recording:
            return
        limits = self.limits
        if len(self.events) >= limits.events:
            self.dropped_events += 1
            return
        self.events.append(Event(time_ns or self.now_ns(), _text(name, limits), kept(attributes, limits)))

    @_swallowing
    def add_link(self, context: "TraceContext", attributes: "Mapping[str, object] | None" = None) -> None:
        """Know of another span. What names none is left out."""
        if not self.is_recording or not context.is_complete:
            return
        limits = self.limits
        if len(self.links) >= limits.links:
            self.dropped_links += 1
            return
        self.links.append(Link(context, kept(attributes, limits)))

    @_swallowing
    def record_exception(self, error: BaseException, attributes: "Mapping[str, object] | None" = None) -> None:
        """An event `exception` with its type, message and stack trace; the status is not touched."""
        if self.is_recording:
            from .exceptions import described  # noqa: PLC0415  # few spans fail

            told = described(error, self.limits.value_characters)
            self.add_event("exception", {**told, **(attributes or {})})

    @_swallowing
    def fail(self, error: BaseException) -> None:
        """`record_exception`, the status ERROR, and `error.type`."""
        if self.is_recording:
            from .exceptions import message_of, type_of  # noqa: PLC0415  # few spans fail

            self.record_exception(error)
            self.set_attribute("error.type", type_of(error))
            self.set_status(ERROR, message_of(error, self.limits.value_characters))

    @_swallowing
    def set_status(self, code: int, message: str = "") -> None:
        """OK is final, ERROR outdoes UNSET; a message belongs to ERROR ("Set Status" of OpenTelemetry's API)."""
        if self.is_recording and code in (OK, ERROR) and self.status_code != OK:
            self.status_code = code
            self.status_message = _text(message, self.limits) if code == ERROR else ""

    @_swallowing
    def update_name(self, name: str) -> None:
        """Call it something else."""
        if self.is_recording:
            self.name = _text(name, self.limits)

    def end(self, end_ns: int = 0) -> None:
        """It is over, now or at `end_ns`, though not before it began. A second end counts for nothing."""
        if self.end_ns:
            return
        ends_ns = end_ns if isinstance(end_ns, (int, float)) and 0 < end_ns < _INT64 else self.now_ns()
        self.end_ns = max(int(ends_ns), self.start_ns)
        if self.is_recording:
            self.is_recording = False
            if self.sink is not None:
                self.sink.ended(self)


def kept(attributes: "Mapping[str, object] | None", limits: Limits) -> "dict[str, Value]":
    """The attributes of an event or a link, as far as they can be kept."""
    found: dict[str, Value] = {}
    for key, value in (attributes or {}).items():
        _put(found, key, value, limits.item_attributes, limits)
    return found


def _put(attributes: "dict[str, Value]", key: str, value: object, most: int, limits: Limits) -> int:
    """Write one attribute; how many were dropped (0 or 1)."""
    if value is None:
        return 0
    if type(key) is not str or not key or (len(attributes) >= most and key not in attributes):
        return 1
    exact = type(value)  # most values are of these, and a span has ten microseconds for everything
    if exact is str:
        attributes[key] = value[: limits.value_characters]  # type: ignore[index]
        return 0
    if exact is bool or exact is float or (exact is int and -_INT64 <= value < _INT64):  # type: ignore[operator]
        attributes[key] = value  # type: ignore[assignment]
        return 0
    try:
        attributes[key] = _value(value, limits)
    except Exception:  # a `__str__` or an iterator of the function's own
        return 1
    return 0


def _value(value: object, limits: Limits) -> "Value":
    if isinstance(value, _SEQUENCES):
        return [_scalar(one, limits) for one, _ in zip(value, range(MAX_SEQUENCE), strict=False) if one is not None]  # type: ignore[return-value]
    return _scalar(value, limits)


def _scalar(value: object, limits: Limits) -> "Scalar":
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value[: limits.value_characters])
    return _text(value, limits)


def _text(value: object, limits: Limits) -> str:
    most = limits.value_characters
    return value[:most] if isinstance(value, str) else str(value)[:most]
