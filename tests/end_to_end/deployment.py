"""A deployment in memory: gateway, stream, indexer, seal and queue, on one clock that moves only when it is told to.

Its stream is as bad as streams are: what was posted comes in any order, in batches of any size, some of them again,
whole or in parts. Its facts table cannot be scanned, and counts the traces that are read.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.rollups.pieces import WHOLE
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemoryViewStore, MemoryWorkQueue
from chalicelib.views.index import index
from chalicelib.views.rebuild import rebuild
from chalicelib.views.seal import seal_window, tick
from chalicelib.views.work import perform
from tests.clocks import Clock
from tests.end_to_end.backend import PROTOBUF, Gateway
from tests.end_to_end.corpus import Post, S
from tests.in_memory import TENANT, services_in_memory
from tests.recording import RecordingTelemetry
from tests.views.pipeline import Facts

DELIVERED_EVERY_NS = 100 * S  # before windows of the time are due


class WatchedFacts(Facts):
    """Facts that nobody may scan; `reads` counts how often each trace was read."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.reads: Counter[str] = Counter()
        self.may_be_scanned = False

    def read_kept(
        self, tenant: str, trace_id: str, deadline: Deadline, *, covered: bool = False
    ) -> Iterator[KeptBlock]:
        self.reads[trace_id] += 1
        return super().read_kept(tenant, trace_id, deadline, covered=covered)

    def scan(self, *, covered: bool = False) -> Iterator[tuple[str, KeptBlock]]:
        assert self.may_be_scanned, "the facts table was scanned"
        return super().scan(covered=covered)


class Deployment(Gateway):
    """Everything of one deployment."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.settings = settings
        self.chance = random.Random(seed)
        self.telemetry = RecordingTelemetry()
        clock = Clock()
        self.facts = WatchedFacts(clock.now_ns, settings.retention_s)
        self.views = MemoryViewStore(clock.now_ns)
        self.queue = MemoryWorkQueue()
        self._delivered = 0
        parts = {"blocks": self.facts, "views": self.views, "queue": self.queue, "telemetry": self.telemetry}
        super().__init__(services_in_memory(settings=settings, now_ns=clock.now_ns, **parts), clock)

    def fork(self) -> "Deployment":
        """Another one in the same state, which goes on by itself."""
        other = Deployment(self._delivered, self.settings)
        other.clock.at_ns = self.clock.at_ns
        other.facts._kept.update({key: dict(kept) for key, kept in self.facts._kept.items()})
        other.facts.told += self.facts.told
        other._delivered = self._delivered
        other.views._views.update({key: dict(views) for key, views in self.views._views.items()})
        waiting = self.queue.take()
        for queue in (self.queue, other.queue):
            queue.put_back(waiting)
        return other

    def play(self, posts: Sequence[Post]) -> None:
        """Take the posts at their times, and now and then what the stream has of them; in the end all of it."""
        due_ns = self.clock.at_ns + DELIVERED_EVERY_NS
        for post in posts:
            self.clock.at_ns = post.at_ns
            reply = self.ask(
                "POST", "/v1/traces", {"Content-Type": PROTOBUF}, from_spans(post.spans).SerializeToString()
            )
            assert reply.status == 200, reply
            if post.at_ns > due_ns:
                self.deliver()
                due_ns = post.at_ns + DELIVERED_EVERY_NS
        self.deliver()

    def deliver(self) -> None:
        """What was posted since, shuffled and cut into batches, of which some come again, whole or in halves."""
        arrivals = self.facts.told[self._delivered :]
        self._delivered = len(self.facts.told)
        self.chance.shuffle(arrivals)
        for start in range(0, len(arrivals), 400):
            batch = arrivals[start : start + 400]
            index(self.services, batch, self.clock.deadline())
            lot = self.chance.random()
            if lot < 0.1:
                index(self.services, batch, self.clock.deadline())
            elif lot < 0.2:
                index(self.services, batch[: len(batch) // 2], self.clock.deadline())

    def windows(self) -> list[int]:
        """The arrival windows that have segments, ascending."""
        return sorted(
            {
                int(sort.split("#")[0])
                for (tenant, partition), views in self.views._views.items()
                if tenant == TENANT and partition.startswith("seg#")
                for sort in views
            }
        )

    def seal_some(self, share: float) -> None:
        """Seal about so many of the windows that are due, here and there; none because something came late."""
        waiting = self.queue.take()
        for window in self.windows():
            if self.chance.random() < share:
                seal_window(self.services, TENANT, window, WHOLE, self.clock.deadline(50))
        self.work()
        self.queue.put_back(waiting)

    def settle(self, minutes: int = 9) -> None:
        """Let so many minutes pass, with a tick and whatever work there is in each."""
        for _ in range(minutes):
            self.clock.advance_s(60)
            tick(self.services, self.clock.deadline(50))
            self.work()

    def work(self) -> None:
        while messages := self.queue.take():
            for message in messages:
                perform(self.services, message, self.clock.deadline(50))

    def rebuild(self) -> None:
        """All views anew, from the facts."""
        self.facts.may_be_scanned = True
        rebuild(self.services, self.facts, self.clock.deadline(10**6), lambda _line: None)
        self.facts.may_be_scanned = False
