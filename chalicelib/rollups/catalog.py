"""Which attributes there are: traces counted by scope, key, type and, where it may be listed, value.

Beside the scopes of TraceQL there is `intrinsic`: event:name, instrumentation:name, instrumentation:version,
trace:rootName and trace:rootService. Span names, kinds and services are in RED already.

Elements of an array count as values of their own type, as TraceQL compares them. Listed are texts of at most
MAX_VALUE_CHARACTERS, whole numbers and truths; other values, and those of _NEVER_LISTED, count under None. A trace of
more than MAX_LISTED_SPANS spans in the hour lists no key of which it has more than MAX_TRACE_VALUES values, so that one
huge trace cannot fill a function's memory. (Differences still cancel: what a state of a trace adds is whatever this
says of it.)

What a rollup has too much of is left out when it is packed (`fold_values`), by how much there is. Unlike folding.py
that is no linear map, so where one rollup lost a value that another takes away, its count falls below zero: readers
take that for none. The catalog helps with typing; nothing is decided by its counts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from chalicelib.model.attributes import Attributes, Value
from chalicelib.model.span import Span
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
SOME_VALUES = 4
TRACES_PER_VALUE = 16
OTHER_KEY = ""  # stands for the keys that were too many

# Conventional keys whose values are different each time, or free text.
_NEVER_LISTED = frozenset(
    (
        "aws.request_id",
        "aws.requestId",
        "client.address",
        "code.stacktrace",
        "db.query.text",
        "db.statement",
        "exception.message",
        "exception.stacktrace",
        "faas.execution",
        "faas.instance",
        "faas.invocation_id",
        "faas.time",
        "http.target",
        "http.url",
        "messaging.message.conversation_id",
        "messaging.message.id",
        "messaging.message_id",
        "service.instance.id",
        "thread.id",
        "url.full",
        "url.path",
        "url.query",
    )
)
_SHORT = {bool: "bool", int: "int"}  # values that are listed whatever they are


def count_attributes(spans: Sequence[Span], sign: int, sums: Counter[CatalogKey]) -> None:
    """Count in `sums` once what these spans of one trace have; with sign -1, take it away again."""
    keys = _keys(spans)
    if len(spans) > MAX_LISTED_SPANS:
        keys = _without_many(keys)
    (sums.update if sign > 0 else sums.subtract)(keys)


def fold_values(catalog: Mapping[CatalogKey, int], most_keys: int, most_values: int) -> dict[CatalogKey, int]:
    """`catalog` with no more than `most_keys` keys in each scope, and the values of those that have few.

    Few are at most `most_values`, of which there may be one for every TRACES_PER_VALUE traces, or SOME_VALUES at
    any rate: ids that each trace has of its own are not. Values that are not few count under None. Of the keys those
    stay that most traces have (the first of equals); the others, and keys of more than MAX_KEY_CHARACTERS, count as
    OTHER_KEY.
    """
    values: dict[CatalogKey, dict[CatalogKey, int]] = defaultdict(dict)
    for key, count in catalog.items():
        values[unlisted(key)][key] = count
    kept = _frequent(values, most_keys)
    folded: dict[CatalogKey, int] = defaultdict(int)
    for attribute, counts in values.items():
        are_few = len(counts) <= _few(counts.values(), most_values)
        scope, name, type_name, _ = attribute
        together = attribute if (scope, name) in kept else (scope, OTHER_KEY, type_name, None)
        for key, count in counts.items():
            folded[key if are_few and together is attribute else together] += count
    return {key: count for key, count in folded.items() if count}


def _frequent(values: Mapping[CatalogKey, Mapping[CatalogKey, int]], most: int) -> set[tuple[str, str]]:
    """The (scope, key) of the most frequent keys of each scope."""
    traces: Counter[tuple[str, str]] = Counter()
    for (scope, name, _, _), counts in values.items():
        traces[scope, name] += sum(map(abs, counts.values()))
    kept: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in sorted(traces, key=lambda key: (-traces[key], key)):
        if len(kept[key[0]]) < most and 0 < len(key[1]) <= MAX_KEY_CHARACTERS:
            kept[key[0]].append(key)
    return {key for keys in kept.values() for key in keys}


def _few(counts: Iterable[int], most: int) -> int:
    return min(most, max(SOME_VALUES, sum(map(abs, counts)) // TRACES_PER_VALUE))


def unlisted(key: CatalogKey) -> CatalogKey:
    """The key that counts this attribute whatever its value."""
    return (*key[:3], None)


def _keys(spans: Sequence[Span]) -> set[CatalogKey]:
    keys: list[CatalogKey] = []
    for span in spans:
        _put(SPAN, span.attributes, keys)
        if span.events or span.links:
            _put_events(span, keys)
        if not span.parent_id:
            _put_text("trace:rootName", span.name, keys)
            _put_text("trace:rootService", span.resource.service_name, keys)
    for resource in {id(span.resource): span.resource for span in spans}.values():
        _put(RESOURCE, resource.attributes, keys)
    for scope in {id(span.scope): span.scope for span in spans}.values():
        _put(INSTRUMENTATION, scope.attributes, keys)
        _put_text("instrumentation:name", scope.name, keys)
        _put_text("instrumentation:version", scope.version, keys)
    return set(keys)


def _put(scope: str, attributes: Attributes, keys: list[CatalogKey]) -> None:
    for key, value in attributes.items():
        kind = type(value)
        if key in _NEVER_LISTED:
            keys.append((scope, key, TYPES.get(kind, "empty"), None))
        elif kind is str:
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


def _put_text(key: str, text: str, keys: list[CatalogKey]) -> None:
    if text:
        keys.append((INTRINSIC, key, "string", text if len(text) <= MAX_VALUE_CHARACTERS else None))


def _without_many(keys: set[CatalogKey]) -> set[CatalogKey]:
    """`keys`, the values of attributes with more than MAX_TRACE_VALUES of them together."""
    values = Counter(map(unlisted, keys))
    return {unlisted(key) if values[unlisted(key)] > MAX_TRACE_VALUES else key for key in keys}
