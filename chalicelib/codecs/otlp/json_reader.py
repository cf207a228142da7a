"""OTLP JSON to OTLP messages, by OTLP's rules where they differ from protobuf's, and as lenient as the Collector.

Rules: opentelemetry-proto, docs/specification.md, "JSON Protobuf Encoding": ids in hex of either case, enums as
numbers, names in lowerCamelCase, unknown keys ignored, 64-bit integers as decimal strings (numbers accepted).
Beyond the rules, because the Collector takes it: snake_case names, enums by name, 32-bit integers as strings, and
InstrumentationLibrarySpans. Beyond the Collector: whole numbers written 1.0 or 1e3, base64 of either alphabet with or
without padding, a UTF-8 byte order mark. The JavaScript exporter writes intValue as a bare number, the Python ones
as a string (tests/golden/otlp). NaN as a bare word is not JSON and is refused, as by the Collector.

The parser is msgspec's: strict about UTF-8 and JSON, exact with big integers, bounded in depth and digits, and
faster on the usual small post (a ten-attribute span: 4 µs, the standard library 7; in posts of thousands of spans the
garbage collector makes that 9 and 7). It refuses unpaired surrogates, which JavaScript strings may hold, so those
escapes are replaced before it sees them.
"""

import re
from typing import Any

import msgspec

from chalicelib.codecs.otlp.decoded import DIALECT, Decoded, Rejection, nesting_limit
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
from chalicelib.model.errors import PayloadError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# One escape at a time, so that the \u of an escaped backslash is not taken for one: a pair, half a pair, any other.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def decode(payload: bytes, max_depth: int) -> Decoded:
    """The spans of an ExportTraceServiceRequest in JSON. `{}` is a request without spans, no bytes are not JSON.

    A fault inside a span rejects that span alone; a resource or scope attribute nested deeper than `max_depth` keeps
    its key and loses its value; unpaired surrogates become U+FFFD. Raises PayloadError for what is not JSON in UTF-8,
    and for a fault in the envelope around the spans.
    """
    whole, surrogates = _without_unpaired_surrogates(payload.removeprefix(_BYTE_ORDER_MARK))
    reading = _Reading(nesting_limit(max_depth))
    message = reading.traces(_parsed(whole))
    notes = [f"unpaired surrogates replaced by U+FFFD: {surrogates}"] if surrogates else []
    return Decoded(message, tuple(reading.rejections), (*notes, *reading.notes))


def _parsed(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except UnicodeDecodeError as broken:
        raise PayloadError(DIALECT, f"not JSON in UTF-8: {broken.reason}") from broken
    except msgspec.MsgspecError as broken:  # numbers of thousands of digits are among these
        raise PayloadError(DIALECT, f"not JSON: {broken}") from broken
    except RecursionError as deep:
        raise PayloadError(DIALECT, "not JSON that can be read: nested too deep") from deep


def _without_unpaired_surrogates(payload: bytes) -> tuple[bytes, int]:
    """`payload` with U+FFFD for each escape that is half of a surrogate pair, and how many there were."""
    if rb"\ud" not in payload and rb"\uD" not in payload:
        return payload, 0
    replaced = 0

    def replace(escape: re.Match[bytes]) -> bytes:
        nonlocal replaced
        if escape[1] is None:
            return escape[0]
        replaced += 1
        return rb"\ufffd"

    return _ESCAPE.sub(replace, payload), replaced


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
