"""What search costs before any trace is read: bytes of an index, CPU of making one, CPU of asking a million traces.

The traces are the measured world's ten-span posts, one trace each, made once and told apart by their ids: an index
of another seed would have other ids and the same services. Nothing is read from a store; what that would take is
counted in read units.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from re import compile as compile_pattern

import msgspec

from benchmarks.measures.costs import ARRIVED_MS
from benchmarks.measures.rows import Row, cpu_seconds
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.search.conditions import Compare, SpanCondition, SpanMatch
from chalicelib.search.index import Entry, EntryReader, Index, pack
from chalicelib.search.index.packing import sections
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Operator, Static, StaticType

TRACES = 1_000_000
ROWS = 2_000
SEGMENT_ROWS = 500
SPANS = 10
DISTINCT_BODIES = 20  # made; each is asked as often as it takes to come to TRACES
READ_UNIT_BYTES = 4096  # of which an eventually consistent read costs half
ITEM_OVERHEAD_BYTES = 120

Sent = tuple[str, bytes]  # a trace id, and its payload


def posts(count: int, seed: int = 11) -> list[Sent]:
    """Ten-span posts with their trace ids."""
    made = ten_span_posts(MEASURING, seed, count)
    ids = (post.resource_spans[0].scope_spans[0].spans[0].trace_id.hex() for post in made)
    return [(trace_id, post.SerializeToString()) for trace_id, post in zip(ids, made, strict=True)]


def entries_of(sent: Iterable[Sent]) -> list[Entry]:
    """What the stream indexer makes of them."""
    reader = EntryReader()
    return [reader.entry_of_message(TracesData.FromString(body), trace_id, ARRIVED_MS) for trace_id, body in sent]


def bytes_per_trace(entries: Sequence[Entry]) -> dict[str, float]:
    """Of one index of `entries`: by section."""
    made = sections(sorted(entries, key=lambda entry: entry.trace_id))
    return {name: len(section) / len(entries) for name, section in made.items()}


def rows() -> list[Row]:
    """The table's rows."""
    sent = posts(ROWS)
    entries = entries_of(sent)
    return [*_sizes(entries), *_building(sent), *_asking(entries)]


def _sizes(entries: Sequence[Entry]) -> list[Row]:
    found = []
    for name, count in (("segment", SEGMENT_ROWS), ("digest", ROWS)):
        parts = bytes_per_trace(entries[:count])
        found.append(
            Row(
                measure=f"bytes per ten-span trace, {name} of {count}",
                measured=sum(parts.values()),
                unit="B",
                limit=80,
                note=", ".join(f"{part} {size:.1f}" for part, size in parts.items()),
            )
        )
    return found


def _building(sent: Sequence[Sent]) -> list[Row]:
    some = sent[:SEGMENT_ROWS]
    entries = entries_of(some)
    gathering, packing = cpu_seconds(lambda: entries_of(some), lambda: pack(entries), rounds=5)
    spans = SPANS * len(some)
    return [
        Row(
            measure="index: terms of a span, upb parse included", measured=gathering / spans * 1e6, unit="us", limit=15
        ),
        Row(measure=f"index: packing, per span of {len(some)} traces", measured=packing / spans * 1e6, unit="us"),
    ]


def _asking(entries: Sequence[Entry]) -> list[Row]:
    bodies = [pack(told_apart(entries, number)) for number in range(DISTINCT_BODIES)]
    times = TRACES // (len(entries) * len(bodies))
    read_bytes = times * sum(len(body) + ITEM_OVERHEAD_BYTES for body in bodies)
    cost = f"{read_bytes / 1e6:.0f} MB, {read_bytes / READ_UNIT_BYTES / 2:,.0f} read units"
    found = []
    for name, condition in _questions().items():
        counts: list[int] = []
        ask = _asker(bodies * times, SpanMatch(condition), counts)
        [taken] = cpu_seconds(ask, rounds=1)
        note = f"{counts[-1]:,} candidates; {cost}"
        limit = None if name.startswith("regular") else 1.0
        found.append(Row(measure=f"ask {TRACES:,} traces: {name}", measured=taken, unit="s", limit=limit, note=note))
    return found


def _asker(bodies: Sequence[bytes], leaf: SpanMatch, counts: list[int]) -> Callable[[], None]:
    def ask() -> None:
        counts.append(sum(Index.unpack(body, whole=True).match(leaf, _compile_regex).bit_count() for body in bodies))

    return ask


def _questions() -> dict[str, SpanCondition]:
    def of_span(name: str, value: str) -> SpanCondition:
        return Compare(Attribute(AttributeScope.SPAN, name), Operator.EQUAL, Static(StaticType.STRING, value))

    return {
        "an id that none has": of_span("aws.request_id", "0A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6E7F8A9B0C1D2E3F4A5B"),
        "a value that some have": of_span("db.operation", "Query"),
        "spans over a second": Compare(
            Intrinsic.SPAN_DURATION, Operator.GREATER, Static(StaticType.DURATION, 1_000_000_000)
        ),
        "regular expression of a name": Compare(
            Intrinsic.SPAN_NAME, Operator.REGEX, Static(StaticType.STRING, "GET /v1/.*")
        ),
    }


def _compile_regex(pattern: str) -> Callable[[str], bool]:
    matches = compile_pattern(pattern).fullmatch
    return lambda text: matches(text) is not None


def told_apart(entries: Sequence[Entry], number: int) -> list[Entry]:
    """The same traces with other ids, of themselves and in attributes: what only one of them has."""
    seen: set[bytes] = set()
    repeated: set[bytes] = set()
    for entry in entries:
        repeated |= seen & entry.terms
        seen |= entry.terms
    mark = b"%03d" % number
    return [
        msgspec.structs.replace(
            entry,
            trace_id=blake2b(entry.trace_id.encode() + mark, digest_size=16).hexdigest(),
            terms=frozenset(term if term in repeated else _marked(term, mark) for term in entry.terms),
        )
        for entry in entries
    ]


def _marked(term: bytes, mark: bytes) -> bytes:
    """The term with another value, if it is a text."""
    kind = 3 + (term[1] << 8) + term[2]
    return term + mark if term[kind] == 1 else term
