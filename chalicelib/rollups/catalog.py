"""Which attributes there are: spans counted by scope, key, type and, where it may be listed, value.

Beside the scopes of TraceQL there is `intrinsic`: event:name, instrumentation:name, instrumentation:version,
trace:rootName and trace:rootService. Span names, kinds and services are in RED already.

Elements of an array count as values of their own type, as TraceQL compares them. Listed are texts of at most
MAX_VALUE_CHARACTERS, whole numbers and truths; other values count under None. A trace of more than MAX_LISTED_SPANS
spans in the hour lists no key of which it has more than MAX_TRACE_VALUES values, so that one huge trace cannot fill
a function's memory. (Differences still cancel: what a state of a trace adds is whatever this says of it.) Which keys
have few values in a whole rollup is for packing.py to say.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from chalicelib.model.attributes import Attributes, Value
from chalicelib.model.span import Resource, Scope, Span
from chalicelib.rollups.keys import CatalogKey

RESOURCE, SPAN, EVENT, LINK, INSTRUMENTATION, INTRINSIC = SCOPES = (
    "resource",
    "span",
    "event",
    "link",
    "instrumentation",
    "intrinsic",
)
TYPES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float",
    bytes: "bytes",
    list: "array",  # an empty one; others count as their elements
    dict: "kvlist",
    type(None): "empty",
}
MAX_KEY_CHARACTERS = 128
MAX_VALUE_CHARACTERS = 64
MAX_LISTED_SPANS = 1_000
MAX_TRACE_VALUES = 256

_Shared = TypeVar("_Shared", Resource, Scope)
_SHORT = {bool: "bool", int: "int"}  # values that are listed whatever they are


def count_attributes(spans: Sequence[Span], sign: int, sums: Counter[CatalogKey]) -> None:
    """Add what these spans of one trace count to the catalog in `sums`; with sign -1, take it away."""
    if len(spans) > MAX_LISTED_SPANS:
        counts: Counter[CatalogKey] = Counter()
        _count(spans, counts)
        counts = _without_many(counts)
        (sums.update if sign > 0 else sums.subtract)(counts)
    elif sign > 0:
        _count(spans, sums)
    else:
        counts = Counter()
        _count(spans, counts)
        sums.subtract(counts)


def unlisted(key: CatalogKey) -> CatalogKey:
    """The key that counts this attribute whatever its value."""
    return (*key[:3], None)


def _count(spans: Sequence[Span], counts: Counter[CatalogKey]) -> None:
    keys: list[CatalogKey] = []
    for span in spans:
        _put(SPAN, span.attributes, keys)
        if span.events or span.links:
            _put_events(span, keys)
        if not span.parent_id:
            _put_text("trace:rootName", span.name, keys)
            _put_text("trace:rootService", span.resource.service_name, keys)
    counts.update(keys)
    _count_shared([span.resource for span in spans], _put_resource, counts)
    _count_shared([span.scope for span in spans], _put_scope, counts)


def _put(scope: str, attributes: Attributes, keys: list[CatalogKey]) -> None:
    for key, value in attributes.items():
        kind = type(value)
        if kind is str:
            keys.append((scope, key, "string", value if len(value) <= MAX_VALUE_CHARACTERS else None))
        elif kind in _SHORT:
            keys.append((scope, key, _SHORT[kind], value))
        elif kind is list and value:
            _put_elements(scope, key, value, keys)
        else:
            keys.append((scope, key, TYPES.get(kind, "empty"), None))


def _put_elements(scope: str, key: str, values: list[Value], keys: list[CatalogKey]) -> None:
    for value in values:
        if isinstance(value, list):
            keys.append((scope, key, TYPES[list], None))
        else:
            _put(scope, {key: value}, keys)


def _put_events(span: Span, keys: list[CatalogKey]) -> None:
    for event in span.events:
        _put(EVENT, event.attributes, keys)
        _put_text("event:name", event.name, keys)
    for link in span.links:
        _put(LINK, link.attributes, keys)


def _put_resource(resource: Resource, keys: list[CatalogKey]) -> None:
    _put(RESOURCE, resource.attributes, keys)


def _put_scope(scope: Scope, keys: list[CatalogKey]) -> None:
    _put(INSTRUMENTATION, scope.attributes, keys)
    _put_text("instrumentation:name", scope.name, keys)
    _put_text("instrumentation:version", scope.version, keys)


def _count_shared(
    shared: list[_Shared], put: Callable[[_Shared, list[CatalogKey]], None], counts: Counter[CatalogKey]
) -> None:
    """Count what spans share once, times the number of spans that share it."""
    by_id = {id(each): each for each in shared}
    for number, times in Counter(map(id, shared)).items():
        keys: list[CatalogKey] = []
        put(by_id[number], keys)
        for key in keys:
            counts[key] += times


def _put_text(key: str, text: str, keys: list[CatalogKey]) -> None:
    if text:
        keys.append((INTRINSIC, key, "string", text if len(text) <= MAX_VALUE_CHARACTERS else None))


def _without_many(counts: Counter[CatalogKey]) -> Counter[CatalogKey]:
    """`counts`, the values of keys with more than MAX_TRACE_VALUES of them together."""
    values = Counter(map(unlisted, counts))
    kept: Counter[CatalogKey] = Counter()
    for key, count in counts.items():
        kept[unlisted(key) if values[unlisted(key)] > MAX_TRACE_VALUES else key] += count
    return kept
