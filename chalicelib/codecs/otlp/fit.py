"""Making a span fit into a block when it is too big even alone: values are cut, and everything cut says so.

First the largest attribute values give way, as far as needed and never below KEPT_BYTES each, then any other text
(names, messages, keys). If small things in their thousands are what makes it big, links, events and attributes go
from the end, heaviest list first, into the dropped counts that OTLP has for them. What was cut is listed in the
attribute `spanfold.cut`, as "<where>: <size in bytes before>", beside what was cut.
The same span is always cut in the same way, so that a repeated post makes the same block.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from chalicelib.codecs.otlp.envelopes import FRAME_BYTES
from chalicelib.codecs.otlp.messages import AnyValue, KeyValue, ResourceSpans, ScopeSpans, Span

# DynamoDB takes items of 409,600 bytes. zstd adds less than 1 % to what it cannot compress, keys and counts take
# some hundred bytes: a payload of this size is an item in the worst case, and anything above might not be.
LONE_PAYLOAD_BYTES = 360_000
# Envelopes are repeated in every block of the post, so they get less. Attribute limits of SDKs are far below.
ENVELOPE_BYTES = 65_536
KEPT_BYTES = 256

CUT = "spanfold.cut"
_MARKS = 16
_WHERE_CHARACTERS = 120
_MARKS_BYTES = _MARKS * (4 * _WHERE_CHARACTERS + 32)  # all marks at their longest, in UTF-8, and the dropped counts
_MAX_UINT32 = 0xFFFF_FFFF
_LEAST_ITEM_BYTES = 2  # an empty message in a list: its tag and its length

_Message = Any  # upb messages are taken apart by their descriptors here, which types know nothing of


class Cutter:
    """Cuts what is too big, and counts the values it has cut or dropped in `cuts`."""

    def __init__(self) -> None:
        self.cuts = 0

    def fit_span(self, span: bytes, envelope_bytes: int) -> bytes:
        """`span`, cut if it and an envelope of `envelope_bytes` would pass LONE_PAYLOAD_BYTES."""
        return self._fit(Span, span, LONE_PAYLOAD_BYTES - envelope_bytes - FRAME_BYTES)

    def fit_resource(self, envelope: bytes) -> bytes:
        """The envelope of a ResourceSpans, cut to ENVELOPE_BYTES."""
        return self._fit(ResourceSpans, envelope, ENVELOPE_BYTES)

    def fit_scope(self, envelope: bytes) -> bytes:
        """The envelope of a ScopeSpans, cut to ENVELOPE_BYTES."""
        return self._fit(ScopeSpans, envelope, ENVELOPE_BYTES)

    def _fit(self, message_type: type[Span | ResourceSpans | ScopeSpans], serialised: bytes, limit_bytes: int) -> bytes:
        if len(serialised) <= limit_bytes:
            return serialised
        message = message_type.FromString(serialised)
        marks = _shrink(message, limit_bytes - _MARKS_BYTES)
        self.cuts += sum(mark.values for mark in marks)
        _write_marks(_BEARER[message_type](message), marks)
        return message.SerializeToString()


class _Mark(NamedTuple):
    where: str
    size_bytes: int
    values: int = 1


class _Leaf(NamedTuple):
    """A string or bytes field: what holds it, how to put another in its place, and what to call it."""

    text: str | bytes
    size_bytes: int
    is_value: bool
    where: str
    put: Callable[[str | bytes], None]


def _shrink(message: _Message, limit_bytes: int) -> list[_Mark]:
    lists = _lists(message)
    marks = [mark for owner, name in lists for mark in _keep(owner, name, limit_bytes // _LEAST_ITEM_BYTES)]
    marks += _cut_leaves(message, message.ByteSize() - limit_bytes)
    if message.ByteSize() > limit_bytes:
        marks += _discard_unknown(message)
    for owner, name in sorted(lists, key=lambda named: -sum(item.ByteSize() for item in getattr(*named))):
        marks += _keep(owner, name, _number_that_leaves(getattr(owner, name), message.ByteSize() - limit_bytes))
    return marks


def _cut_leaves(message: _Message, excess_bytes: int) -> list[_Mark]:
    """Cut attribute values, the largest first, then other text, until `excess_bytes` are gone or nothing is long."""
    marks = []
    for leaf in sorted(_leaves(message, ""), key=lambda leaf: (not leaf.is_value, -leaf.size_bytes)):
        if excess_bytes <= 0:
            break
        kept_bytes = max(KEPT_BYTES, leaf.size_bytes - excess_bytes)
        cut = _beginning(leaf.text, kept_bytes)
        leaf.put(cut)
        excess_bytes -= leaf.size_bytes - kept_bytes
        marks.append(_Mark(leaf.where, leaf.size_bytes))
    return marks


def _beginning(text: str | bytes, size_bytes: int) -> str | bytes:
    if isinstance(text, bytes):
        return text[:size_bytes]
    return text.encode()[:size_bytes].decode(errors="ignore")  # a character that was cut through goes whole


def _leaves(message: _Message, where: str) -> Iterator[_Leaf]:
    """Every string and bytes field of more than KEPT_BYTES, at any depth, in the order of the message."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else (value,)
        for index, one in enumerate(values):
            if field.message_type is None:
                yield from _leaf(message, field, index, one, where)
            elif one.ByteSize() > KEPT_BYTES:
                yield from _leaves(one, _inside(where, message, field, index))


def _leaf(message: _Message, field: Any, index: int, value: object, where: str) -> Iterator[_Leaf]:
    if not isinstance(value, str | bytes) or len(value) * 4 <= KEPT_BYTES:
        return
    size_bytes = len(value.encode()) if isinstance(value, str) else len(value)
    if size_bytes <= KEPT_BYTES:
        return

    def put(cut: str | bytes) -> None:
        if field.is_repeated:
            getattr(message, field.name)[index] = cut
        else:
            setattr(message, field.name, cut)

    is_value = isinstance(message, AnyValue)
    yield _Leaf(value, size_bytes, is_value, where if is_value else _joined(where, field.name), put)


def _inside(where: str, message: _Message, field: Any, index: int) -> str:
    if isinstance(message, KeyValue):
        return _joined(where, message.key)
    if field.name in ("events", "links"):
        return _joined(where, f"{field.name}[{index}]")
    return where if field.containing_type.name in _NAMELESS else _joined(where, field.name)


_NAMELESS = ("AnyValue", "ArrayValue", "KeyValueList")  # a value is called by the keys on the way to it


def _joined(where: str, name: str) -> str:
    return f"{where}/{name}"[:_WHERE_CHARACTERS] if where else name[:_WHERE_CHARACTERS]


def _discard_unknown(message: _Message) -> list[_Mark]:
    before = message.ByteSize()
    message.DiscardUnknownFields()
    size_bytes = before - message.ByteSize()
    return [_Mark("unknown fields", size_bytes)] if size_bytes else []


def _lists(message: Span | ResourceSpans | ScopeSpans) -> tuple[tuple[_Message, str], ...]:
    if isinstance(message, Span):
        return ((message, "links"), (message, "events"), (message, "attributes"))
    if isinstance(message, ResourceSpans):
        return ((message.resource, "entity_refs"), (message.resource, "attributes"))
    return ((message.scope, "attributes"),)


def _number_that_leaves(items: Sequence[_Message], excess_bytes: int) -> int:
    """How many items from the beginning may stay so that the others weigh `excess_bytes`."""
    kept = len(items)
    while kept and excess_bytes > 0:
        kept -= 1
        excess_bytes -= items[kept].ByteSize() + _LEAST_ITEM_BYTES
    return kept


def _keep(owner: _Message, name: str, kept: int) -> list[_Mark]:
    """Drop all but the first `kept` items of a list, and add them to its dropped count if there is one."""
    items = getattr(owner, name)
    dropped = len(items) - kept
    if dropped <= 0:
        return []
    before = owner.ByteSize()
    del items[kept:]
    size_bytes = before - owner.ByteSize()
    counter = f"dropped_{name}_count"
    if counter in owner.DESCRIPTOR.fields_by_name:
        setattr(owner, counter, min(getattr(owner, counter) + dropped, _MAX_UINT32))
    return [_Mark(f"the last {dropped} {name}", size_bytes, dropped)]


_BEARER: dict[type, Callable[[Any], Any]] = {
    Span: lambda span: span.attributes,
    ResourceSpans: lambda resource_spans: resource_spans.resource.attributes,
    ScopeSpans: lambda scope_spans: scope_spans.scope.attributes,
}


def _write_marks(attributes: Any, marks: list[_Mark]) -> None:
    lines = [f"{mark.where}: {mark.size_bytes}" for mark in marks]
    if len(lines) > _MARKS:
        lines = [*lines[: _MARKS - 1], f"and {len(lines) - _MARKS + 1} more"]
    value = attributes.add(key=CUT).value.array_value
    for line in lines:
        value.values.add(string_value=line)
