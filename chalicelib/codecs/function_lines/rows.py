"""The array that a line has of a span, as a span again. Counterpart of chalicelib/tracing/exporters/rows.py.

    [span_id, parent_id, name, kind, start_ns, duration_ns, status_code, status_message, attributes, events, links,
     flags, trace_state, [dropped attributes, dropped events, dropped links], scope, trace_id]

The last four may be left out, from the end.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.codecs.function_lines import values
from chalicelib.codecs.otlp.json_values import FaultError
from chalicelib.model.span import Event, Link, Resource, Scope, Span

ALWAYS = 12
DEFAULT_SCOPE = "spanfold"

_trace_id = values.ids(32)
_any_trace_id = values.ids(32, may_be_empty=True)
_span_id = values.ids(16)
_any_span_id = values.ids(16, may_be_empty=True)


class RowReader:
    """Reads the rows of one line, whose spans share a resource and, by name, scopes."""

    def __init__(self, trace_id: str, resource: Resource, max_depth: int) -> None:
        self._trace_id = trace_id
        self._resource = resource
        self._scopes: dict[str, Scope] = {}
        attributes = partial(values.attributes, max_depth=max_depth)
        self._event = _fields(("offset_ns", values.span_of_time), ("name", values.text), ("attributes", attributes))
        self._link = _fields(
            ("trace_id", _any_trace_id),
            ("span_id", _any_span_id),
            ("trace_state", values.text),
            ("attributes", attributes),
            ("flags", values.uint32),
        )
        self._row = _fields(
            ("span_id", _span_id),
            ("parent_id", _any_span_id),
            ("name", values.text),
            ("kind", values.int32),
            ("start_ns", values.uint64),
            ("duration_ns", _duration),
            ("status_code", values.int32),
            ("status_message", values.text),
            ("attributes", attributes),
            ("events", partial(_each, self._event)),
            ("links", partial(_each, self._link)),
            ("flags", values.uint32),
            ("trace_state", values.text),
            ("dropped", _dropped),
            ("scope", values.text),
            ("trace_id", _trace_id),
            at_least=ALWAYS,
        )

    def read(self, row: Any) -> Span:
        """The span of `row`. Raises FaultError."""
        said = self._row(row)
        start_ns = said.pop("start_ns")
        duration_ns = said.pop("duration_ns")
        scope = said.pop("scope", DEFAULT_SCOPE)
        attributes_dropped, events_dropped, links_dropped = said.pop("dropped", (0, 0, 0))
        events = tuple(_event(event, start_ns) for event in said.pop("events"))
        return Span(
            trace_id=said.pop("trace_id", self._trace_id),
            parent_id=said.pop("parent_id") or None,
            start_ns=start_ns,
            end_ns=0 if duration_ns is None else _moment(start_ns + duration_ns),
            events=events,
            links=tuple(Link(**link) for link in said.pop("links")),
            dropped_attributes_count=attributes_dropped,
            dropped_events_count=events_dropped,
            dropped_links_count=links_dropped,
            resource=self._resource,
            scope=self._scopes.setdefault(scope, Scope(name=scope)),
            **said,
        )


def _fields(*fields: tuple[str, values.Reader], at_least: int = 0) -> Callable[[Any], dict[str, Any]]:
    """Reads an array whose elements these are, in their order; only those from `at_least` on may be missing."""

    def read(row: Any) -> dict[str, Any]:
        elements = values.items(row)
        if not (at_least or len(fields)) <= len(elements) <= len(fields):
            raise FaultError(f"{len(elements)} elements, where {len(fields)} are known")
        said = {}
        for (name, reader), element in zip(fields, elements, strict=False):
            try:
                said[name] = reader(element)
            except FaultError as fault:
                raise fault.inside(name) from None
        return said

    return read


def _each(read: Callable[[Any], dict[str, Any]], value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, element in enumerate(values.items(value)):
        try:
            found.append(read(element))
        except FaultError as fault:
            raise fault.inside(f"[{number}]") from None
    return found


def _event(said: dict[str, Any], start_ns: int) -> Event:
    return Event(time_ns=_moment(start_ns + said["offset_ns"]), name=said["name"], attributes=said["attributes"])


def _duration(value: Any) -> int | None:
    return None if value is None else values.span_of_time(value)


def _moment(time_ns: int) -> int:
    return values.uint64(time_ns)


def _dropped(value: Any) -> tuple[int, ...]:
    counts = tuple(map(values.uint32, values.items(value)))
    if len(counts) != 3:
        raise FaultError(f"{len(counts)} counts, where 3 are known")
    return counts
