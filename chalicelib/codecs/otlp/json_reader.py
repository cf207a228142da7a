"""OTLP JSON to OTLP messages, by OTLP's rules where they differ from protobuf's, and as lenient as the Collector.

Rules: opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding": ids in hex of either case, enums as
numbers, names in lowerCamelCase, unknown keys ignored, 64-bit integers as decimal strings (numbers accepted).
Beyond the rules, because the Collector takes it: snake_case names, enums by name, 32-bit integers as strings, and
InstrumentationLibrarySpans. Beyond the Collector: whole numbers written 1.0 or 1e3, base64 of either alphabet with or
without padding, a UTF-8 byte order mark. The JavaScript exporter writes intValue as a bare number, the Python ones
as a string (tests/golden/otlp). NaN as a bare word is not JSON and is refused, as by the Collector.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.codecs.otlp.decoded import DIALECT, Decoded, Rejection, nesting_limit
from chalicelib.codecs.otlp.json_text import parsed, readable
from chalicelib.codecs.otlp.json_values import (
    FaultError,
    Table,
    TooDeepError,
    enum,
    hex_bytes,
    key_value,
    lists,
    objects,
    read_object,
    table,
    text,
    uint32,
    uint64,
)
from chalicelib.codecs.otlp.messages import ScopeSpans, Span, Status, TracesData
from chalicelib.codecs.otlp.parts import PART_BYTES, numbered
from chalicelib.model.errors import PayloadError


def decode(payload: bytes, max_depth: int) -> Decoded:
    """The spans of an ExportTraceServiceRequest in JSON. `{}` is a request without spans, no bytes are not JSON.

    A fault inside a span rejects that span alone; a resource or scope attribute nested deeper than `max_depth` keeps
    its key and loses its value; unpaired surrogates become U+FFFD. Raises PayloadError for what is not JSON in UTF-8,
    and for a fault in the envelope around the spans.
    """
    whole, notes = readable(payload)
    return _decoded(parsed(whole), max_depth, notes)


def decode_in_parts(payload: bytes, max_depth: int) -> Iterator[Decoded]:
    """`decode`, in parts that take a bounded amount of memory each if one comes after the other; see parts.py.

    Raises PayloadTooLarge for a body that no sender makes, of more pieces than can be read.
    """
    if len(payload) <= PART_BYTES:
        yield decode(payload, max_depth)
        return
    from chalicelib.codecs.otlp.json_parts import split  # noqa: PLC0415  # rarely needed

    whole, notes = readable(payload)
    for number, tree in enumerate(split(whole), 1):
        yield numbered(_decoded(tree, max_depth, notes), number)
        notes = ()


def _decoded(tree: Any, max_depth: int, notes: tuple[str, ...]) -> Decoded:
    reading = _Reading(nesting_limit(max_depth))
    message = reading.traces(tree)
    return Decoded(message, tuple(reading.rejections), (*notes, *reading.notes))


class _Reading:
    """One walk through one parsed body, and what it came upon."""

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self.rejections: list[Rejection] = []
        self.notes: list[str] = []

    def traces(self, tree: Any) -> TracesData:
        message = TracesData()
        request = self._envelope(tree, _REQUEST, "")
        for number, item in enumerate(request.get("resource_spans", ())):
            self._resource_spans(message, item, f"resourceSpans[{number}]")
        return message

    def _resource_spans(self, message: TracesData, item: Any, path: str) -> None:
        members = self._envelope(item, _RESOURCE_SPANS, path)
        deprecated = members.pop("instrumentation_library_spans", [])
        scope_spans = members.pop("scope_spans", None) or deprecated
        if deprecated and scope_spans is not deprecated:
            self.notes.append(f"{path}: instrumentationLibrarySpans ignored beside scopeSpans")
        self._read_shared(members, "resource", _RESOURCE, path)
        resource_spans = message.resource_spans.add(**members)
        for number, inner in enumerate(scope_spans):
            inner_path = f"{path}.scopeSpans[{number}]"
            inner_members = self._envelope(inner, _SCOPE_SPANS, inner_path)
            spans = inner_members.pop("spans", ())
            self._read_shared(inner_members, "scope", _SCOPE, inner_path)
            self._spans(resource_spans.scope_spans.add(**inner_members), spans, inner_path)

    def _spans(self, scope_spans: ScopeSpans, spans: list[Any], path: str) -> None:
        add = scope_spans.spans.add
        for number, item in enumerate(spans):
            try:
                add(**read_object(item, self._max_depth, _SPAN))
            except FaultError as fault:
                fault = fault.inside(f"{path}.spans[{number}]")
                self.rejections.append(Rejection(self._told(fault)))

    def _read_shared(self, members: dict[str, Any], name: str, fields: Table, path: str) -> None:
        """Read the resource or scope among `members`. Many spans share it, so a value too deep is only emptied."""
        if name not in members:
            return
        try:
            members[name] = read_object(members[name], self._max_depth, fields)
        except TooDeepError as deep:
            self.notes.append(self._told(deep.inside(f"{path}.{name}")) + "; emptied, as any like it here")
            members[name] = self._envelope(self._shallow(members[name]), fields, f"{path}.{name}")
        except FaultError as fault:
            raise _unreadable(fault.inside(f"{path}.{name}")) from fault

    def _shallow(self, holder: dict[str, Any]) -> dict[str, Any]:
        return holder | {"attributes": [self._shallow_attribute(attribute) for attribute in holder["attributes"]]}

    def _shallow_attribute(self, attribute: Any) -> Any:
        try:
            key_value(attribute, self._max_depth)
        except TooDeepError:
            return attribute | {"value": {}}
        except FaultError:
            pass  # told by the reading that follows
        return attribute

    def _envelope(self, value: Any, fields: Table, path: str) -> dict[str, Any]:
        try:
            return read_object({} if value is None else value, self._max_depth, fields)
        except FaultError as fault:
            raise _unreadable(fault.inside(path) if path else fault) from fault

    def _told(self, fault: FaultError) -> str:
        if isinstance(fault, TooDeepError):
            # The path names every level on the way down; where it began is enough.
            return f"{fault.path.partition('.value.')[0]}: a value nested deeper than {self._max_depth}"
        return str(fault)


def _unreadable(fault: FaultError) -> PayloadError:
    return PayloadError(DIALECT, f"not an OTLP JSON request: {fault}")


def _unread(value: Any, _depth: int) -> Any:
    return value


_LISTED = lists(_unread)
_ATTRIBUTES = {"attributes": lists(key_value), "dropped_attributes_count": uint32}
_TEXTS = lists(text)
_ENTITY_REF = table(schema_url=text, type=text, id_keys=_TEXTS, description_keys=_TEXTS)

_REQUEST = table(resource_spans=_LISTED)
_RESOURCE_SPANS = table(resource=_unread, schema_url=text, scope_spans=_LISTED, instrumentation_library_spans=_LISTED)
_RESOURCE = table(**_ATTRIBUTES, entity_refs=lists(objects(_ENTITY_REF)))
_SCOPE_SPANS = table(scope=_unread, schema_url=text, spans=_LISTED)
_SCOPE_SPANS |= dict.fromkeys(("instrumentationLibrary", "instrumentation_library"), _SCOPE_SPANS["scope"])
_SCOPE = table(name=text, version=text, **_ATTRIBUTES)
_EVENT = table(time_unix_nano=uint64, name=text, **_ATTRIBUTES)
_LINK = table(trace_id=hex_bytes, span_id=hex_bytes, trace_state=text, flags=uint32, **_ATTRIBUTES)
_STATUS = table(message=text, code=enum(dict(Status.StatusCode.items())))
_SPAN = table(
    trace_id=hex_bytes,
    span_id=hex_bytes,
    trace_state=text,
    parent_span_id=hex_bytes,
    flags=uint32,
    name=text,
    kind=enum(dict(Span.SpanKind.items())),
    start_time_unix_nano=uint64,
    end_time_unix_nano=uint64,
    **_ATTRIBUTES,
    events=lists(objects(_EVENT)),
    dropped_events_count=uint32,
    links=lists(objects(_LINK)),
    dropped_links_count=uint32,
    status=objects(_STATUS),
)
