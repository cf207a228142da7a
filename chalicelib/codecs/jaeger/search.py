"""What a search of Jaeger's asks, and whether a trace is an answer (internal/storage/v2/memory/tenant.go, 2.20).

ONE span has to meet all conditions. Values are compared as text; a tag may be one of the span, its resource, its scope,
or any of its events or links. Tags under which Jaeger shows what OTLP has fields for can be asked for as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.from_otlp import service_of, text
from chalicelib.codecs.jaeger.params import truth
from chalicelib.codecs.jaeger.to_otlp import KINDS, STATUSES
from chalicelib.model.attributes import Attributes
from chalicelib.model.span import Kind, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace

RESOURCE = "resource."  # before a key that only resources may have
STATUS, NAME, VERSION = "span.status", "scope.name", "scope.version"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A search; all bounds are inclusive and in nanoseconds. No service, or operation: any. At most `limit` traces."""

    service: str = ""
    operation: str = ""
    attributes: Mapping[str, str] = {}
    start_min_ns: int
    start_max_ns: int
    duration_min_ns: int = 0
    duration_max_ns: int = 0  # 0: any
    limit: int = 100


def is_answer(asked: Asked, trace: StoredTrace) -> bool:
    """Whether some span of the trace meets everything."""
    conditions = [*_plain(asked, trace), *_tags(asked.attributes)]
    return any(all(condition(span) for condition in conditions) for span in trace.spans)


Condition = Callable[[Span], bool]


def _plain(asked: Asked, trace: StoredTrace) -> Iterable[Condition]:
    if asked.operation:
        yield lambda span: span.name == asked.operation
    if asked.service:
        yield lambda span: service_of(span.resource) == asked.service
    yield lambda span: asked.start_min_ns <= trace.time_ns(span) <= asked.start_max_ns
    if asked.duration_min_ns:
        yield lambda span: span.end_ns - span.start_ns >= asked.duration_min_ns
    if asked.duration_max_ns:
        yield lambda span: span.end_ns - span.start_ns <= asked.duration_max_ns


def _tags(attributes: Mapping[str, str]) -> Iterable[Condition]:
    for key, value in attributes.items():
        make = SPECIAL.get(key)
        yield make(value) if make is not None else _tag(key, value)


def _tag(key: str, value: str) -> Condition:
    if key.startswith(RESOURCE):
        own = key.removeprefix(RESOURCE)
        return lambda span: _has(span.resource.attributes, own, value)
    shown = SHOWN.get(key)
    return lambda span: (
        any(_has(attributes, key, value) for attributes in _places(span))
        or (shown is not None and value in shown(span))
    )


def _places(span: Span) -> Iterable[Attributes]:
    yield span.attributes
    yield span.resource.attributes
    yield span.scope.attributes
    for event in span.events:
        yield event.attributes
    for link in span.links:
        yield link.attributes


def _has(attributes: Attributes, key: str, value: str) -> bool:
    return key in attributes and not isinstance(attributes[key], bytes) and text(attributes[key]) == value


def _error(value: str) -> Condition:
    try:
        wanted = truth(value)
    except ValueError:
        return lambda _span: False
    return lambda span: (span.status_code == StatusCode.ERROR) is wanted


def _status(value: str) -> Condition:
    wanted = STATUSES.get(value.upper(), StatusCode.UNSET)
    return lambda span: span.status_code == wanted


def _kind(value: str) -> Condition:
    wanted = KINDS.get(value.lower(), Kind.UNSPECIFIED)
    return lambda span: span.kind == wanted


SPECIAL: Mapping[str, Callable[[str], Condition]] = {
    keys.ERROR: _error,
    STATUS: _status,
    keys.SPAN_KIND: _kind,
    NAME: lambda value: lambda span: span.scope.name == value,
    VERSION: lambda value: lambda span: span.scope.version == value,
}

_STATUS_TEXTS = {code: name for name, code in STATUSES.items()}

# What is shown as a tag (from_otlp) and is none.
SHOWN: Mapping[str, Callable[[Span], Sequence[str]]] = {
    keys.EVENT: lambda span: [event.name for event in span.events if event.name],
    keys.STATUS_CODE: lambda span: [_STATUS_TEXTS.get(span.status_code, "")],  # type: ignore[call-overload]
    keys.STATUS_DESCRIPTION: lambda span: [span.status_message],
    keys.SCOPE_NAME: lambda span: [span.scope.name],
    keys.SCOPE_VERSION: lambda span: [span.scope.version],
}
