"""What Jaeger does to a trace before it shows it (jaegerquery/internal/adjuster, 2.20), in Jaeger's order.

Each step takes and gives rows: a span, and the warnings about it that were found so far. `raw` reads skip them all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.params import duration_text
from chalicelib.model.attributes import HOST_ID, HOST_NAME, Attributes, Value
from chalicelib.model.span import Kind, Link, Resource, Span

HOST_IP = "host.ip"
IP_KEYS = ("ip", "peer.ipv4")
LIBRARY_KEYS = (
    "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version",
    "telemetry.distro.name", "telemetry.distro.version",
)  # fmt: skip

_LISTS = (keys.TAGS, keys.PROCESS_TAGS, keys.FIELDS)
_canonical = msgspec.msgpack.Encoder(order="deterministic").encode


class Row(NamedTuple):
    """A span as it is to be shown."""

    span: Span
    warnings: tuple[str, ...] = ()


def adjusted(spans: Iterable[Span], max_skew_ns: int = 0) -> list[Row]:
    """The spans of one trace after every step. `max_skew_ns` 0 (Jaeger's default) only tells of skewed clocks."""
    rows = [Row(span) for span in spans]
    for step in (separate_shared_ids, sort_collections, drop_repeats):
        rows = step(rows)
    rows = correct_clocks(rows, max_skew_ns)
    for step in (write_addresses, move_library_attributes, remove_empty_links):
        rows = step(rows)
    return rows


def separate_shared_ids(rows: Sequence[Row]) -> list[Row]:
    """Give a server that shares its client's id one of its own, below the client, with what was below the id."""
    clients = {row.span.span_id for row in rows if row.span.kind == Kind.CLIENT}
    shared = {row.span.span_id for row in rows if row.span.kind == Kind.SERVER and row.span.span_id in clients}
    if not shared:
        return list(rows)
    used = {row.span.span_id for row in rows}
    free = (each for each in map("{:016x}".format, count(1)) if each not in used)
    given = {span_id: next(free) for span_id in sorted(shared)}
    return [Row(_separated(row.span, given), row.warnings) for row in rows]


def _separated(span: Span, given: Mapping[str, str]) -> Span:
    if span.kind == Kind.SERVER and span.span_id in given:
        return replace(_below(span, span.span_id), span_id=given[span.span_id])
    parent_id = given.get(span.parent_id or "")
    return span if parent_id is None else _below(span, parent_id)


def _below(span: Span, parent_id: str) -> Span:
    """The span with another parent; references that were kept as sent would still name the old one."""
    attributes = {key: value for key, value in span.attributes.items() if key != keys.REFERENCES}
    return replace(span, parent_id=parent_id, attributes=attributes)


def sort_collections(rows: Sequence[Row]) -> list[Row]:
    """Attributes by key, events by name."""
    resources: dict[int, Resource] = {}
    return [Row(_sorted(row.span, resources), row.warnings) for row in rows]


def _sorted(span: Span, resources: dict[int, Resource]) -> Span:
    at = id(span.resource)
    if at not in resources:
        resources[at] = replace(span.resource, attributes=_by_key(span.resource.attributes))
    events = tuple([replace(one, attributes=_by_key(one.attributes)) for one in span.events])
    return replace(
        span,
        attributes=_by_key(span.attributes),
        events=tuple(sorted(events, key=lambda one: one.name)),
        resource=resources[at],
    )


def _by_key(attributes: Attributes) -> Attributes:
    found = dict(sorted(attributes.items()))
    for key in _LISTS:
        if key in found:
            found[key] = _listed_by_key(found[key])
    return found


def _listed_by_key(listed: Value) -> Value:
    if isinstance(listed, list) and all(isinstance(one, list) and one and isinstance(one[0], str) for one in listed):
        return sorted(listed, key=lambda one: one[0])
    return listed


def drop_repeats(rows: Sequence[Row]) -> list[Row]:
    """Of spans that are alike in all they say, with their resource and scope, the first."""
    contested = {span_id for span_id, times in Counter(row.span.span_id for row in rows).items() if times > 1}
    seen: set[bytes] = set()
    kept = []
    for row in rows:
        if row.span.span_id in contested:
            said = _canonical(row.span)
            if said in seen:
                continue
            seen.add(said)
        kept.append(row)
    return kept


def correct_clocks(rows: Sequence[Row], max_skew_ns: int) -> list[Row]:
    """Shift spans of other hosts so that they lie within their parents, or tell by how much they would be."""
    by_id: dict[str, int] = {}
    children: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_id.setdefault(row.span.span_id, number)
        if row.span.parent_id is not None:
            children[row.span.parent_id].append(number)
    correcting = _Clocks(rows, max_skew_ns)
    for number, row in enumerate(rows):
        parent_id = row.span.parent_id
        if by_id[row.span.span_id] != number:
            correcting.warn(number, "duplicate span IDs; skipping clock skew adjustment")
        elif parent_id is None:
            correcting.descend(number, children)
        elif parent_id not in by_id:
            told = f"parent span ID={parent_id} is not in the trace; skipping clock skew adjustment"
            correcting.warn(number, told)
            correcting.descend(number, children)
    return correcting.rows()


class _Skew(NamedTuple):
    host: str
    delta_ns: int


class _Clocks:
    """A trace whose clocks are being set."""

    def __init__(self, rows: Sequence[Row], max_skew_ns: int) -> None:
        self._rows = list(rows)
        self._max_skew_ns = max_skew_ns
        self._seen: set[int] = set()
        self._warnings: dict[int, list[str]] = defaultdict(list)
        self._hosts: dict[int, str] = {}

    def warn(self, number: int, told: str) -> None:
        self._warnings[number].append(told)

    def rows(self) -> list[Row]:
        told = self._warnings
        return [Row(row.span, (*row.warnings, *told.get(number, ()))) for number, row in enumerate(self._rows)]

    def descend(self, root: int, children: Mapping[str, Sequence[int]]) -> None:
        """Set the clocks of everything below `root`."""
        waiting = [(root, _Skew(self._host(root), 0))]
        while waiting:
            number, skew = waiting.pop()
            if number in self._seen:
                continue
            self._seen.add(number)
            below = children.get(self._rows[number].span.span_id, ())
            waiting += [(child, self._set(number, child, skew)) for child in below if child not in self._seen]

    def _set(self, parent: int, child: int, skew: _Skew) -> _Skew:
        host = self._host(child)
        if not host or host != skew.host:
            skew = _Skew(host, _delta_ns(self._rows[parent].span, self._rows[child].span))
        self._shift(child, skew.delta_ns)
        return skew

    def _shift(self, number: int, delta_ns: int) -> None:
        if not delta_ns:
            return
        if not self._max_skew_ns:
            told = f"clock skew adjustment disabled; not applying calculated delta of {duration_text(delta_ns)}"
        elif abs(delta_ns) > self._max_skew_ns:
            told = (
                f"max clock skew adjustment delta of {duration_text(self._max_skew_ns)} exceeded; "
                f"not applying calculated delta of {duration_text(delta_ns)}"
            )
        else:
            told = f"this span's timestamps were adjusted by {duration_text(delta_ns)}"
            self._rows[number] = Row(_shifted(self._rows[number].span, delta_ns), self._rows[number].warnings)
        self.warn(number, told)

    def _host(self, number: int) -> str:
        resource = self._rows[number].span.resource
        if id(resource) not in self._hosts:
            self._hosts[id(resource)] = host_of(resource)
        return self._hosts[id(resource)]


def host_of(resource: Resource) -> str:
    """What tells one clock from another: host.id, else host.ip, else host.name, else nothing."""
    said = resource.attributes
    address = said.get(HOST_IP)
    first = address[0] if isinstance(address, list) and address else address
    return next((one for one in (said.get(HOST_ID), first, said.get(HOST_NAME)) if isinstance(one, str) and one), "")


def _delta_ns(parent: Span, child: Span) -> int:
    """What to add to the child's clock, so that it lies in the middle of its parent if it lies outside."""
    parent_ns, child_ns = parent.end_ns - parent.start_ns, child.end_ns - child.start_ns
    if child_ns > parent_ns:
        return max(0, parent.start_ns - child.start_ns)
    if parent.start_ns <= child.start_ns and child.end_ns <= parent.end_ns:
        return 0
    return parent.start_ns + (parent_ns - child_ns) // 2 - child.start_ns


def _shifted(span: Span, delta_ns: int) -> Span:
    return replace(
        span,
        start_ns=max(0, span.start_ns + delta_ns),
        end_ns=max(0, span.end_ns + delta_ns),
        events=tuple([replace(one, time_ns=max(0, one.time_ns + delta_ns)) for one in span.events]),
    )


def write_addresses(rows: Sequence[Row]) -> list[Row]:
    """Write addresses that clients sent as numbers with dots."""
    resources: dict[int, Resource] = {}
    return [Row(_with_addresses(row.span, resources), row.warnings) for row in rows]


def _with_addresses(span: Span, resources: dict[int, Resource]) -> Span:
    resource = span.resource
    if _has_numbers(resource.attributes):
        if id(resource) not in resources:
            resources[id(resource)] = replace(resource, attributes=_dotted(resource.attributes))
        span = replace(span, resource=resources[id(resource)])
    return replace(span, attributes=_dotted(span.attributes)) if _has_numbers(span.attributes) else span


def _has_numbers(attributes: Attributes) -> bool:
    return any(_is_address(attributes.get(key)) for key in IP_KEYS)


def _is_address(value: Value) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def _dotted(attributes: Attributes) -> Attributes:
    return attributes | {key: _dots(attributes[key]) for key in IP_KEYS if _is_address(attributes.get(key))}


def _dots(number: float) -> str:
    return ".".join(map(str, (int(number) & 0xFFFFFFFF).to_bytes(4, "big")))


def move_library_attributes(rows: Sequence[Row]) -> list[Row]:
    """Move what SDKs say of themselves from spans to their resources."""
    resources: dict[tuple[int, bytes], Resource] = {}
    return [_moved(row, resources) if any(key in row.span.attributes for key in LIBRARY_KEYS) else row for row in rows]


def _moved(row: Row, resources: dict[tuple[int, bytes], Resource]) -> Row:
    span, held = row.span, row.span.resource.attributes
    said = {key: span.attributes[key] for key in LIBRARY_KEYS if key in span.attributes}
    denied = [key for key, value in said.items() if key in held and held[key] != value]
    moved = {key: value for key, value in said.items() if key not in denied}
    at = id(span.resource), _canonical(moved)
    if at not in resources:
        resources[at] = replace(span.resource, attributes=held | moved)
    attributes = {key: value for key, value in span.attributes.items() if key not in moved}
    warnings = [f"conflicting values between Span and Resource for attribute {key}" for key in denied]
    return Row(replace(span, attributes=attributes, resource=resources[at]), (*row.warnings, *warnings))


def remove_empty_links(rows: Sequence[Row]) -> list[Row]:
    """Remove links that lead nowhere."""
    return [row if all(map(_leads_somewhere, row.span.links)) else _without_empty_links(row) for row in rows]


def _without_empty_links(row: Row) -> Row:
    kept = tuple(filter(_leads_somewhere, row.span.links))
    attributes = {key: value for key, value in row.span.attributes.items() if key != keys.REFERENCES}
    told = ["Invalid span link removed"] * (len(row.span.links) - len(kept))
    return Row(replace(row.span, links=kept, attributes=attributes), (*row.warnings, *told))


def _leads_somewhere(link: Link) -> bool:
    return bool(link.trace_id.strip("0") and link.span_id.strip("0"))
