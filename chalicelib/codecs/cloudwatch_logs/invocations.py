"""Invocations that have begun and not ended, as the lines of one log stream tell of them, and how they are closed.

A function writes a start line with its invocation's span, open, and its spans when it answers. If it dies in between,
nothing follows but the platform's verdict. Lines come in deliveries that are cut anywhere, repeated, and late; so what
one delivery leaves unfinished is a set that can be put beside what others left (collector/unfinished.py), and `closed`
answers the same whatever order they came in.

Lambda gives an event again under the same request id (asynchronous invocations, twice). Each attempt writes a start
line; a verdict is about the latest attempt that began before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.codecs.cloudwatch_logs.platform import EXIT, OUT_OF_MEMORY, TIMEOUT, Verdict
from chalicelib.codecs.function_lines.line import Line, Start
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.attributes import CLOSED_BY, ERROR_TYPE, Attributes
from chalicelib.model.span import Span, StatusCode
from chalicelib.model.versions import standing

PLATFORM_LOG = "platform log"

_NS_PER_MS = 1_000_000
_CERTAINTY = {TIMEOUT: 3, OUT_OF_MEMORY: 2, EXIT: 0}  # others 1: the platform's own word says more than "it exited"

SpanId = str


class Unfinished(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery leaves open of the invocation `request_id`.

    `opened`: its spans that have begun and not ended. `ended`: the ids of those that have. `verdicts`: what the
    platform said, empty unless some of it tells of a death. `is_whole`: what every verdict is about began within the
    delivery, so that nobody else need be asked.
    """

    request_id: str
    opened: tuple[Span, ...] = ()
    ended: frozenset[SpanId] = frozenset()
    verdicts: tuple[Verdict, ...] = ()
    is_whole: bool = False


class _Heard:
    def __init__(self) -> None:
        self.opened: dict[SpanId, Span] = {}
        self.ended: set[SpanId] = set()
        self.verdicts: list[Verdict] = []
        self.starts: list[Span] = []

    def open(self, spans: Iterable[Span]) -> None:
        for span in spans:
            self.opened[span.span_id] = max(self.opened.get(span.span_id, span), span, key=standing)


def unfinished(lines: Iterable[Line], verdicts: Iterable[Verdict]) -> list[Unfinished]:
    """What the lines and verdicts of one delivery leave open, by request id, in order of appearance."""
    heard: dict[str, _Heard] = {}
    for line in lines:
        if not line.request_id:  # of another writer than ours: it writes no start lines
            continue
        found = heard.setdefault(line.request_id, _Heard())
        if isinstance(line, Start):
            found.starts.append(line.span)
            found.open([line.span])
        else:
            _hear_spans(found, line.decoded.message)
    for verdict in verdicts:
        heard.setdefault(verdict.request_id, _Heard()).verdicts.append(verdict)
    left = (_left_open(request_id, found) for request_id, found in heard.items())
    return [one for one in left if one.opened or (one.verdicts and not one.is_whole)]


def _hear_spans(found: _Heard, message: TracesData) -> None:
    open_ids: set[SpanId] = set()
    for span in _spans(message):
        ids = found.ended if span.end_time_unix_nano else open_ids
        ids.add(span.span_id.hex())
    if open_ids:
        found.open(span for span in to_spans(message) if span.span_id in open_ids)


def _spans(message: TracesData) -> Iterator[Any]:
    for resource_spans in message.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            yield from scope_spans.spans


def _left_open(request_id: str, found: _Heard) -> Unfinished:
    deaths_ms = [verdict.time_ms for verdict in found.verdicts if verdict.error_type]
    starts_ms = [span.start_ns // _NS_PER_MS for span in found.starts]
    return Unfinished(
        request_id=request_id,
        opened=tuple(span for span in found.opened.values() if span.span_id not in found.ended),
        ended=frozenset(found.ended),
        verdicts=tuple(found.verdicts) if deaths_ms else (),
        is_whole=bool(deaths_ms and starts_ms and min(starts_ms) <= min(deaths_ms)),
    )


class _Attempt(NamedTuple):
    """A span without an open parent, usually the invocation's, and the open spans beneath it."""

    head: Span
    spans: list[Span]
    verdicts: list[Verdict]


def closed(parts: Sequence[Unfinished]) -> list[Span]:
    """The spans that died, closed: of all that is known of one invocation of one log stream, in any order.

    Each ends when the first fatal line was written, with status ERROR; the invocation's own has the figures of the
    REPORT. A span that nothing fatal was said of is left out, and so is one that has ended.
    """
    ended = frozenset[SpanId]().union(*(part.ended for part in parts))
    newest: dict[SpanId, Span] = {}
    for span in sorted((span for part in parts for span in part.opened), key=standing):
        newest[span.span_id] = span
    attempts = _attempts([span for span in newest.values() if span.span_id not in ended])
    for verdict in sorted((verdict for part in parts for verdict in part.verdicts), key=_moment):
        begun = [attempt for attempt in attempts if attempt.head.start_ns // _NS_PER_MS <= verdict.time_ms]
        if begun:
            begun[-1].verdicts.append(verdict)
    return [span for attempt in attempts for span in _closed(attempt)]


def _moment(verdict: Verdict) -> tuple[int, bytes]:
    return verdict.time_ms, msgspec.json.encode(verdict)


def _attempts(spans: Sequence[Span]) -> list[_Attempt]:
    """In the order in which they began."""
    by_id = {span.span_id: span for span in spans}
    attempts: dict[SpanId, _Attempt] = {}
    for span in sorted(spans, key=lambda span: (span.start_ns, span.span_id)):
        head = _head(span, by_id)
        attempts.setdefault(head.span_id, _Attempt(head, [], [])).spans.append(span)
    return sorted(attempts.values(), key=lambda attempt: (attempt.head.start_ns, attempt.head.span_id))


def _head(span: Span, by_id: dict[SpanId, Span]) -> Span:
    seen = {span.span_id}
    while (parent := by_id.get(span.parent_id or "")) and parent.span_id not in seen:
        seen.add(parent.span_id)
        span = parent
    return span


def _closed(attempt: _Attempt) -> Iterator[Span]:
    fatal = [verdict for verdict in attempt.verdicts if verdict.error_type]
    if not fatal:
        return
    cause = max(fatal, key=lambda verdict: (_CERTAINTY.get(verdict.error_type, 1), verdict.reason))
    figures: Attributes = {name: value for verdict in attempt.verdicts for name, value in verdict.figures.items()}
    for span in attempt.spans:
        told = figures if span is attempt.head else {}
        yield msgspec.structs.replace(
            span,
            end_ns=max(span.start_ns, fatal[0].time_ms * _NS_PER_MS),
            status_code=StatusCode.ERROR,
            status_message=cause.reason,
            attributes={**span.attributes, **told, ERROR_TYPE: cause.error_type, CLOSED_BY: PLATFORM_LOG},
        )
