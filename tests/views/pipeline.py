"""The whole derived side in memory: facts whose writes are told to a stream, views, a queue, and a clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from chalicelib.codecs.stored import stored_trace
from chalicelib.codecs.zipkin.from_otlp import from_spans
from chalicelib.codecs.zipkin.linker import links_of
from chalicelib.model.arrival import Arrival
from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline
from chalicelib.model.ids import low_half
from chalicelib.model.span import Span
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.tracestate import COUNT_UNIT
from chalicelib.rollups import packing
from chalicelib.rollups.contributions import contribute_joined, contribution
from chalicelib.rollups.keys import ERRORS, TOLD_BY_CALLED, ZIPKIN
from chalicelib.rollups.pieces import cover
from chalicelib.rollups.rollup import Rollup, Sums
from chalicelib.search.index import Index
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryBlockStore, MemorySamplingStore, MemoryViewStore, MemoryWorkQueue
from chalicelib.storage.view_names import is_late_note, parse_marker_body, parse_merged_body, parse_piece
from chalicelib.views import rebuild as rebuilding
from chalicelib.views.index import index
from chalicelib.views.piece_views import empty_digest, empty_rollup
from chalicelib.views.seal import tick
from chalicelib.views.work import perform
from tests.clocks import Clock
from tests.in_memory import TENANT, services_in_memory
from tests.keeping import block_of
from tests.recording import RecordingTelemetry
from tests.views.mortal import Fuse, Mortal

HALF_OF = "half of "
Key = tuple[str, str, str]  # tenant, partition, sort
Views = dict[Key, bytes]


class Facts(MemoryBlockStore):
    """A block store that tells what the stream of its table would."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.told: list[Arrival] = []

    def write(self, tenant: str, blocks: Sequence[Block], deadline: Deadline, *, undecided: bool = False) -> None:
        for block in blocks:
            before = self._find(tenant, block.trace_id, deadline)
            super().write(tenant, [block], deadline, undecided=undecided)
            after = self._find(tenant, block.trace_id, deadline)
            [kept] = [kept for digest, kept in after.items() if kept is not before.get(digest)]
            number = len(self.told)
            replaced = before.get(kept.digest)
            self.told.append(
                Arrival(
                    tenant=tenant,
                    kept=kept,
                    sequence=str(10**20 + number),
                    event_id=f"event-{number}",
                    replaces_ms=None if replaced is None else replaced.arrived_ms,
                )
            )

    def _find(self, tenant: str, trace_id: str, deadline: Deadline) -> dict[bytes, Any]:
        return {kept.digest: kept for kept in self.read_kept(tenant, trace_id, deadline, covered=True)}


@dataclass
class Pipeline:
    """What the functions of a deployment do, when a test says so."""

    settings: Settings = field(default_factory=Settings)
    clock: Clock = field(default_factory=Clock)
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)

    def __post_init__(self) -> None:
        self.fuse = Fuse()
        self.facts = Facts(self.clock.now_ns, self.settings.retention_s, self.settings.undecided_hours * 3600)
        self.views = MemoryViewStore(self.clock.now_ns)
        self.queue = MemoryWorkQueue()
        self.sampling = MemorySamplingStore()
        self.services = self._services(self.views, self.queue)

    def _services(self, views: MemoryViewStore, queue: MemoryWorkQueue) -> Services:
        parts = {"blocks": self.facts, "views": views, "queue": queue, "sampling": self.sampling}
        return services_in_memory(
            settings=self.settings,
            now_ns=self.clock.now_ns,
            telemetry=self.telemetry,
            **{name: Mortal(part, self.fuse) for name, part in parts.items()},
        )

    def post(self, spans: Sequence[Span], tenant: str = TENANT, *, undecided: bool = False) -> Arrival:
        """Keep one block of these spans, of one trace; what the stream will tell of it."""
        self.facts.write(tenant, [block_of(spans)], self.clock.deadline(), undecided=undecided)
        return self.facts.told[-1]

    def deliver(self, arrivals: Sequence[Arrival]) -> None:
        index(self.services, arrivals, self.clock.deadline())

    def tick(self, in_s: float = 50) -> None:
        tick(self.services, self.clock.deadline(in_s))

    def work(self, in_s: float = 50) -> int:
        """Perform everything that waits, and what that leaves; how many messages there were."""
        performed = 0
        while waiting := self.queue.take():
            for number, message in enumerate(waiting):
                try:
                    perform(self.services, message, self.clock.deadline(in_s))
                except BaseException:
                    self.queue.send(waiting[number:], self.clock.deadline())
                    raise
            performed += len(waiting)
        return performed

    def settle(self, for_s: int = 300) -> None:
        """Let minutes pass until everything that was delivered is sealed."""
        for _ in range(for_s // 60):
            self.clock.advance_s(60)
            self.tick()
            self.work()

    def rebuilt(self) -> MemoryViewStore:
        """Other views, made from the facts alone."""
        views = MemoryViewStore(self.clock.now_ns)
        services = self._services(views, MemoryWorkQueue())
        rebuilding.rebuild(services, self.facts, self.clock.deadline(), lambda line: None)
        return views


class Added(NamedTuple):
    """A rollup as far as it adds up exactly: values of attributes do not, for want of room, but their number does."""

    red: Mapping[Any, int]
    edges: Mapping[Any, int]
    dependencies: Mapping[Any, int]
    attributes: Mapping[Any, int]


def added(sums: Mapping[str, Sums]) -> dict[tuple[str, int], Added]:
    """By tenant and hour."""
    return {
        (tenant, hour): Added(rollup.red, rollup.edges, rollup.dependencies, _attributes(rollup))
        for tenant, each in sums.items()
        for hour, rollup in each.rollups().items()
    }


def _attributes(rollup: Rollup) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for (scope, key, kind, _), count in rollup.catalog.items():
        counts[scope, key, kind] += count
    return {key: count for key, count in counts.items() if count}


def offline(facts: MemoryBlockStore) -> dict[tuple[str, int], Added]:
    """What one pass over all facts adds up to, by tenant and hour."""
    blocks = defaultdict(list)
    for tenant, kept in facts.scan():
        blocks[tenant, kept.block.trace_id].append(kept)
    sums: defaultdict[str, Sums] = defaultdict(Sums)
    joined: defaultdict[tuple[str, str], list[StoredTrace]] = defaultdict(list)
    for (tenant, trace_id), found in sorted(blocks.items()):
        trace = stored_trace(found)
        sums[tenant].add(contribution(trace))
        joined[tenant, low_half(trace_id)].append(trace)
    for (tenant, _), traces in joined.items():
        contribute_joined(traces, sums[tenant])
    return added(sums)


def linked(facts: MemoryBlockStore) -> dict[tuple[str, str, str], tuple[int, int]]:
    """By tenant, parent and child the calls and errors that Zipkin's linker finds in everything there is."""
    traces = defaultdict(list)
    for tenant, kept in facts.scan():
        traces[tenant, low_half(kept.block.trace_id)] += from_spans(stored_trace([kept]).spans)
    counts: Counter[tuple[str, str, str]] = Counter()
    errors: Counter[tuple[str, str, str]] = Counter()
    for (tenant, _), spans in traces.items():
        for ends, (calls, failed) in links_of(spans).items():
            counts[tenant, *ends] += calls
            errors[tenant, *ends] += failed
    return {ends: (calls, errors[ends]) for ends, calls in counts.items()}


def links_in(summed_up: Mapping[tuple[str, int], Added]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """The same of what was summed up."""
    counts: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (tenant, _), found in summed_up.items():
        for (told, teller, other, _, slot), count in found.dependencies.items():
            if told in ZIPKIN:
                ends = (other, teller) if told in TOLD_BY_CALLED else (teller, other)
                counts[tenant, *ends][slot == ERRORS] += count // COUNT_UNIT
    return {ends: (calls, errors) for ends, (calls, errors) in counts.items() if calls or errors}


def summed(views: MemoryViewStore) -> dict[tuple[str, int], Added]:
    """What a reader of rollups makes of them, by tenant and hour."""
    sums: defaultdict[str, Sums] = defaultdict(Sums)
    for (tenant, partition), found in views._views.items():
        if not partition.startswith("rol#"):
            continue
        hour = int(partition.removeprefix("rol#"))
        for view in covering(found.values()):
            sums[tenant].add({hour: packing.unpack(view.body)})
    return added(sums)


def covering(rollups: Iterable[Any]) -> list[Any]:
    """Of rollups of one hour those that a reader adds up."""
    windows: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for view in rollups:
        name = parse_piece(view.sort)
        windows[name.window][name.piece] = view
    return [there[piece] for there in windows.values() for piece in cover(there)]


def found_in(views: MemoryViewStore, prefixes: tuple[str, ...] = ("dig#", "seg#")) -> set[tuple[str, str]]:
    """The (tenant, trace) that digests or segments know."""
    return {
        (tenant, trace_id)
        for (tenant, partition), found in views._views.items()
        if partition.startswith(prefixes)
        for view in found.values()
        for trace_id in Index.unpack(view.body).trace_ids()
    }


def settled(views: MemoryViewStore) -> Views:
    """The digests, rollups, merged hours and markers that say something and are looked at, by where they lie."""
    empty = {empty_digest(), empty_rollup()}
    found = {
        (tenant, partition, view.sort): view.body
        for (tenant, partition), found in views._views.items()
        if partition.startswith(("dig#", "rol#", "roh#", "sealed#"))
        for view in found.values()
        if view.body not in empty and not _says_nothing(partition, view)
    }
    return _effective(found)


def _says_nothing(partition: str, view: Any) -> bool:
    if partition.startswith("roh#"):
        return parse_merged_body(view.body).packed == empty_rollup()
    if not partition.startswith("sealed#"):
        return False
    return is_late_note(view.sort) or not parse_marker_body(view.body).places


def _effective(views: Views) -> Views:
    """Without what a finer layout of the same window stands in for."""
    pieces = layouts(views)
    return {
        key: body
        for key, body in views.items()
        if _is_merged(key)
        or not any(piece != _piece_of(key) and piece.startswith(_piece_of(key)) for piece in pieces[_window_of(key)])
    }


def layouts(views: Views) -> dict[tuple[str, str], set[str]]:
    """The pieces of each window. A window that a trace has left may have been cut finer than it would be now."""
    found = defaultdict(set)
    for key in views:
        if not _is_merged(key):
            found[_window_of(key)].add(_piece_of(key))
    return found


def of_windows(views: Views, windows: set[tuple[str, str]]) -> Views:
    """The merged hours, and what is of these windows."""
    return {key: body for key, body in views.items() if _is_merged(key) or _window_of(key) in windows}


def _is_merged(key: Key) -> bool:
    return key[1].startswith("roh#")


def _window_of(key: Key) -> tuple[str, str]:
    return key[0], key[2].split("#")[0]


def _piece_of(key: Key) -> str:
    return key[2].split("#")[1]


def trace_id_of(name: str) -> str:
    """The same trace id for the same name. That of "half of x" is x's, as a process has it that knows 64 bits only."""
    known = blake2b(name.removeprefix(HALF_OF).encode(), digest_size=16).hexdigest()
    return low_half(known).zfill(32) if name.startswith(HALF_OF) else known
