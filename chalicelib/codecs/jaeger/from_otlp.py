"""Spanfold's spans as Jaeger's.

A span that came in by Jaeger becomes what it was. Any other follows OpenTelemetry's mapping (specification,
common/mapping-to-non-otlp.md; opentelemetry-collector-contrib, pkg/translator/jaeger). Anybody may send attributes
that are named like ours: those that do not hold what ours do are attributes like any other.
"""

import msgspec

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.span import REFERENCE_TYPES, JaegerSpan, Log, Process, Reference, Tag, TagValue
from chalicelib.codecs.jaeger.to_otlp import KINDS, NS_PER_US, STATUSES, references_of
from chalicelib.model.attributes import HOST_NAME, SERVICE_NAME, Attributes, Value
from chalicelib.model.span import Event, Resource, Span, StatusCode

_KIND_TAGS = {number: name for name, number in KINDS.items()}
_STATUS_TAGS = {code: name for name, code in STATUSES.items()}
_SCALARS = (str, bool, int, float, bytes)
_PAIR, _TRIPLE = 2, 3

_to_json = msgspec.json.Encoder().encode


class Reading:
    """Reads spans, of which those that share a resource will share a process."""

    def __init__(self) -> None:
        self._processes: dict[tuple[int, bool], tuple[Resource, Process]] = {}  # the resource stays, with its id

    def span(self, span: Span) -> JaegerSpan:
        """The Jaeger span."""
        is_jaegers = came_by_jaeger(span)
        return JaegerSpan(
            trace_id=span.trace_id,
            span_id=span.span_id,
            operation_name=span.name,
            references=(_references(span) if is_jaegers else None) or references_of(span),
            flags=_flags(span) if is_jaegers else 0,
            start_us=span.start_ns // NS_PER_US,
            duration_us=max(0, span.end_ns - span.start_ns) // NS_PER_US,
            tags=_tags(span.attributes, keys.TAGS) if is_jaegers else _published_tags(span),
            logs=tuple([_log(event, is_jaegers=is_jaegers) for event in span.events]),
            process=self._process(span.resource, is_jaegers=is_jaegers),
        )

    def _process(self, resource: Resource, *, is_jaegers: bool) -> Process:
        known = self._processes.get((id(resource), is_jaegers))
        if known is None:
            made = process_of(resource, is_jaegers=is_jaegers)
            known = self._processes[id(resource), is_jaegers] = resource, made
        return known[1]


def came_by_jaeger(span: Span) -> bool:
    """Whether a span came in by Jaeger."""
    return span.scope.attributes.get(keys.SOURCE) == keys.JAEGER


def service_of(resource: Resource) -> str:
    """The service, as Jaeger names it."""
    name = resource.attributes.get(SERVICE_NAME)
    return keys.NO_SERVICE if name in (None, "") else text(name)


def process_of(resource: Resource, *, is_jaegers: bool) -> Process:
    """The process that a resource is."""
    attributes = {key: value for key, value in resource.attributes.items() if key != SERVICE_NAME}
    if is_jaegers and keys.PROCESS_TAGS not in attributes and keys.HOSTNAME in attributes:
        attributes.pop(HOST_NAME, None)  # only added on the way in
    list_key = keys.PROCESS_TAGS if is_jaegers else ""
    return Process(service_of(resource), _tags(attributes, list_key))


def text(value: Value) -> str:
    """A value that is no tag's, or that is compared as text: what pdata's AsString makes of it, lists as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if value is None:
        return ""
    return _to_json(value).decode().strip('"') if isinstance(value, bytes) else _to_json(value).decode()


def _float_text(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(str(value), str(value))


def _references(span: Span) -> tuple[Reference, ...] | None:
    listed = span.attributes.get(keys.REFERENCES)
    if not isinstance(listed, list):
        return None
    told = [Reference(*one) for one in listed if isinstance(one, list) and len(one) == _TRIPLE]
    is_ours = len(told) == len(listed) and all(
        one.type in REFERENCE_TYPES and isinstance(one.trace_id, str) and isinstance(one.span_id, str) for one in told
    )
    return tuple(told) if is_ours else None


def _flags(span: Span) -> int:
    told = span.attributes.get(keys.FLAGS)
    return told if type(told) is int else span.flags & 1


def _published_tags(span: Span) -> tuple[Tag, ...]:
    scope: Attributes = {keys.SCOPE_NAME: span.scope.name, keys.SCOPE_VERSION: span.scope.version}
    said: Attributes = {
        keys.SPAN_KIND: _KIND_TAGS.get(span.kind),
        keys.STATUS_CODE: _STATUS_TAGS.get(span.status_code),  # type: ignore[call-overload]
        keys.ERROR: span.status_code == StatusCode.ERROR,
        keys.STATUS_DESCRIPTION: span.status_message,
        keys.TRACE_STATE: span.trace_state,
        keys.DROPPED_ATTRIBUTES: span.dropped_attributes_count,
        keys.DROPPED_EVENTS: span.dropped_events_count,
        keys.DROPPED_LINKS: span.dropped_links_count,
    }
    return _tags(_without_nothing(scope) | span.attributes | _without_nothing(said), "")


def _without_nothing(said: Attributes) -> Attributes:
    return {key: value for key, value in said.items() if value}


def _log(event: Event, *, is_jaegers: bool) -> Log:
    fields = _tags(event.attributes, keys.FIELDS if is_jaegers else "")
    is_listed = is_jaegers and keys.FIELDS in event.attributes
    if event.name and not is_listed and keys.EVENT not in event.attributes:
        fields = (Tag(keys.EVENT, event.name), *fields)
    return Log(event.time_ns // NS_PER_US, fields)


def _tags(attributes: Attributes, list_key: str) -> tuple[Tag, ...]:
    """Attributes as tags. With a `list_key` the list there, or else all that are not our own."""
    if not list_key:
        return tuple([Tag(key, _value(value)) for key, value in attributes.items()])
    listed = attributes.get(list_key)
    if isinstance(listed, list) and all(map(_is_pair, listed)):
        return tuple([Tag(*pair) for pair in listed])
    return tuple([Tag(key, _value(value)) for key, value in attributes.items() if not key.startswith(keys.OWN)])


def _is_pair(listed: Value) -> bool:
    return (
        isinstance(listed, list)
        and len(listed) == _PAIR
        and isinstance(listed[0], str)
        and isinstance(listed[1], _SCALARS)
    )


def _value(value: Value) -> TagValue:
    return value if isinstance(value, _SCALARS) else text(value)
