"""What a queue's message, a stream's record or a log subscription carries, told by its look.

| it begins with | it is |
|---|---|
| gzip's or zstd's magic number | one of the others, packed |
| 0x0a | OTLP protobuf: field 1 of ExportTraceServiceRequest |
| `{`, with `logEvents` | a CloudWatch Logs delivery; lines of ours, the platform's, and state machines' events |
| `{`, with `resourceSpans` | OTLP JSON |
| `{`, anything else | a line of a function's (function_lines), or several, one on each line |

A delivery's lines that are none of these are passed over. Everything else is ours or cannot be read, and what cannot
be read is told of with its place; the rest of what carried it is read all the same.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from chalicelib.codecs import encodings
from chalicelib.codecs.cloudwatch_logs.invocations import Unfinished, unfinished
from chalicelib.codecs.cloudwatch_logs.ours import bears_marker, candidates
from chalicelib.codecs.cloudwatch_logs.platform import find_verdict
from chalicelib.codecs.cloudwatch_logs.subscription import LogEvent, Subscription, is_subscription, subscription_of
from chalicelib.codecs.function_lines.line import Line, Start
from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.decoded import Decoded
from chalicelib.model.errors import PayloadError

if TYPE_CHECKING:
    from chalicelib.codecs.step_functions.logs import Memory

DIALECT = "spanfold"
_PROTOBUF_BEGINS = b"\n"
_OF_AN_EXECUTION = '"execution_arn"'
_OTLP_KEYS = ("resourceSpans", "resource_spans")
# What content may make a decoder raise that nobody thought of.
_UNEXPECTED = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


class Limits(msgspec.Struct, frozen=True):
    """What one payload may be once unpacked, and how deep a value in it may nest."""

    decompressed_bytes: int
    nesting_depth: int


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A line that bears our marker, and why it cannot be read. `place` finds it in its log; `content` is all of it."""

    name: str
    reason: str
    place: dict[str, str | int] = {}
    content: bytes = b""


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What one payload carried: spans, lines that cannot be read, and of a log what it leaves unfinished."""

    posts: tuple[Decoded, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    log_group: str = ""
    log_stream: str = ""
    unfinished: tuple[Unfinished, ...] = ()


def read_carried(payload: bytes, limits: Limits, memory: "Memory | None" = None) -> Carried:
    """What `payload` carries. Raises PayloadError when that cannot be told, or the whole of it cannot be read.

    `memory`: what earlier deliveries told of executions of state machines that have not ended.
    """
    body = encodings.decompress(payload, None, limits.decompressed_bytes, DIALECT)
    if body[:1] == _PROTOBUF_BEGINS or body.lstrip()[:1] != b"{":
        from chalicelib.codecs.otlp import protobuf  # noqa: PLC0415  # few send it this way

        return Carried(posts=tuple(protobuf.decode_in_parts(body, limits.nesting_depth)))
    try:
        parsed = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return _lines(body, limits)
    if is_subscription(parsed):
        return carried_in_log(subscription_of(parsed), limits, memory)
    if any(key in parsed for key in _OTLP_KEYS):
        from chalicelib.codecs.otlp import json_reader  # noqa: PLC0415

        return Carried(posts=tuple(json_reader.decode_in_parts(body, limits.nesting_depth)))
    return Carried(posts=tuple(_posts([_line(body, limits)])))


def carried_in_log(delivery: Subscription, limits: Limits, memory: "Memory | None" = None) -> Carried:
    """What a delivery of log events carries. Raises nothing: a line that cannot be read is told of."""
    lines: list[Line] = []
    unreadable: list[Unreadable] = []
    for index, event in enumerate(delivery.log_events):
        try:
            line = _find_line(delivery.log_events, index, limits) if bears_marker(event.message) else None
            lines += [line] if line else []
        except PayloadError as wrong:
            unreadable.append(_unreadable(delivery, event, wrong))
    verdicts = (find_verdict(event.message, event.timestamp) for event in delivery.log_events)
    return Carried(
        posts=(*_posts(lines), *_executions(delivery, memory)),
        unreadable=tuple(unreadable),
        log_group=delivery.log_group,
        log_stream=delivery.log_stream,
        unfinished=tuple(unfinished(lines, (verdict for verdict in verdicts if verdict))),
    )


def _executions(delivery: Subscription, memory: "Memory | None") -> Iterator[Decoded]:
    """The spans of state machines, if the log is of one."""
    messages = [event.message for event in delivery.log_events if _OF_AN_EXECUTION in event.message]
    if messages:
        from chalicelib.codecs.step_functions import logs  # noqa: PLC0415  # few logs are a state machine's

        yield logs.read(filter(logs.is_execution_event, messages), memory)


def read_log_line(message: str, limits: Limits) -> Line | None:
    """The line of ours in one line of a log; None if it is not ours. Raises PayloadError for one that is broken."""
    return _find_line([LogEvent("", 0, message)], 0, limits) if bears_marker(message) else None


def _posts(lines: Sequence[Line]) -> Iterator[Decoded]:
    """The spans of the lines. What a start line says is said again by the end, or by whoever closes the span."""
    return (line.decoded for line in lines if not isinstance(line, Start))


def _lines(body: bytes, limits: Limits) -> Carried:
    """One object on each line. Raises PayloadError where that is not so even once."""
    lines: list[Line] = []
    unreadable: list[Unreadable] = []
    for number, text in enumerate(body.splitlines(), 1):
        if not text.strip():
            continue
        try:
            lines.append(_line(text, limits))
        except PayloadError as wrong:
            unreadable.append(Unreadable(name=str(number), reason=wrong.detail, content=text))
    if not lines:
        raise PayloadError(DIALECT, unreadable[0].reason if len(unreadable) == 1 else "no line of it can be read")
    return Carried(posts=tuple(_posts(lines)), unreadable=tuple(unreadable))


def _find_line(events: Sequence[LogEvent], index: int, limits: Limits) -> Line | None:
    """The line of ours that begins with the event at `index`; None if it is not ours. Raises PayloadError."""
    refused: PayloadError | None = None
    for text in candidates(events, index):
        try:
            return _read(text, limits)
        except PayloadError as wrong:
            refused = refused or wrong
    assert refused is not None
    raise refused


def _line(text: bytes, limits: Limits) -> Line:
    line = _read(text, limits)
    if line is None:
        raise PayloadError(DIALECT, "neither OTLP, nor a line of spans, nor a delivery of log events")
    return line


def _read(text: str | bytes, limits: Limits) -> Line | None:
    try:
        return read(text, max_depth=limits.nesting_depth)
    except _UNEXPECTED as wrong:
        raise PayloadError(DIALECT, f"{type(wrong).__name__} in a line") from wrong


def _unreadable(delivery: Subscription, event: LogEvent, wrong: PayloadError) -> Unreadable:
    place: dict[str, str | int] = {
        "log_group": delivery.log_group,
        "log_stream": delivery.log_stream,
        "timestamp_ms": event.timestamp,
        "characters": len(event.message),
    }
    return Unreadable(name=event.id, reason=wrong.detail, place=place, content=event.message.encode("utf-8", "replace"))
