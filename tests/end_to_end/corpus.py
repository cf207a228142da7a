"""Seeded traffic of many traces: what a few services send in an hour and a quarter, with everything that goes wrong.

Traces have one span or two hundred, come in one post or in many, minutes and hours apart, cross hours, lack their
root, name parents that never come, repeat themselves, and bear clocks that are hours, weeks or decades off. Their
attributes have few values or very many, of every type, also of several types under one key.

The words are those of tests/search/traces.py and more, so that its generated queries meet something here.
"""

import random
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

from chalicelib.model.span import Event, Link, Resource, Scope, Span, StatusCode
from tests.clocks import NOON_NS
from tests.search.traces import NAMES as SHARED_NAMES
from tests.search.traces import TEXTS

MS = 1_000_000
S = 1000 * MS
MINUTE = 60 * S
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LASTS_NS = 75 * MINUTE  # over before the first of its hours is merged
POST_NS = 4 * S  # what arrives within this is one post

SERVICES = ("shop", "bank", "checkout", "payments", "inventory", "mailer", "search", "edge", "shop-v2", "naïve ☃")
REGIONS = ("eu", "us")
OPERATIONS = (*SHARED_NAMES, "GET /items/{id}", "POST /orders", "charge card", "SELECT items", "send mail", "publish")
METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
STATUSES = (200, 200, 200, 201, 204, 301, 400, 404, 429, 500, 503)
ERRORS = ("card declined", "no funds", "timeout after 30 s", "")
EXCEPTIONS = ("CardDeclined", "Timeout", "java.lang.IllegalStateException")
LABELS = ("new", "vip", "beta", "eu", "a", "ab")
MISSING_ID = "f" * 16
ODD_VALUES: tuple[Any, ...] = (
    *(1, 1.0, "1", True, -3, -3.5, 2**53 + 1, float(2**53), -(2**63), 2**63 - 1, 0.0, -0.0, 1e300, float("inf")),
    *(float("nan"), "", "a" * 300, "a" * 299 + "b", 'say "hi"\n', "ünï", b"\x00\x01", [], [1, "1", 1.5], ["a", None]),
    *({"inner": 1}, [["deep"]], None),
)
TRACE_STATES = ("", "", "", "", "", "ot=th:8", "vendor=1,ot=rv:00000000000001;th:c", "ot=th:nonsense")


class Post(NamedTuple):
    """What is sent at one moment: spans of several traces."""

    at_ns: int
    spans: tuple[Span, ...]


class Piece(NamedTuple):
    """What is sent of one trace at one moment."""

    at_ns: int
    spans: tuple[Span, ...]


class Sizes(NamedTuple):
    """How many spans traces have: most as in `usual`; of some share up to forty, of another two hundred."""

    usual: tuple[int, ...]
    forty: float
    two_hundred: float


MIXED = Sizes((1, 1, 1, 2, 2, 3, 4, 6), 0.04, 0.003)
SMALL = Sizes((1, 1, 1, 1, 2, 2, 3), 0.005, 0.0005)


class Corpus(NamedTuple):
    """`posts` end at `end_ns`. Ten minutes later come `late` ones, about the same traces and some others."""

    posts: Sequence[Post]
    late: Sequence[Post]
    end_ns: int


def corpus(seed: int, count: int, sizes: Sizes = MIXED) -> Corpus:
    """The traffic of `count` traces and some more that come late."""
    chance = random.Random(seed)
    world = _World(chance, max(50, count // 2), sizes)
    end_ns = NOON_NS + LASTS_NS
    told: list[list[Piece]] = []
    for number in range(count):
        at_ns = NOON_NS + chance.randrange(1, LASTS_NS)
        told.append(_cut(chance, world.trace(number, at_ns), at_ns, end_ns))
    believed = [pieces for pieces in told if _is_believed(pieces)]
    repeats = [_again(chance, chance.choice(pieces), end_ns) for pieces in believed if chance.random() < 0.02]
    pieces = [piece for trace in told for piece in trace] + repeats
    late_ns = end_ns + 10 * MINUTE
    late = [
        Piece(late_ns + chance.randrange(10 * MINUTE), _addition(chance, world, number, told[number]))
        for number in chance.sample(range(count), max(5, count // 40))
    ]
    late += [
        Piece(at_ns, tuple(world.trace(count + number, at_ns)))
        for number in range(max(5, count // 100))
        for at_ns in [late_ns + chance.randrange(10 * MINUTE)]
    ]
    late += [Piece(late_ns, chance.choice(chance.choice(believed)).spans) for _ in range(3)]
    late += [Piece(late_ns + piece.at_ns % (10 * MINUTE), piece.spans) for piece in pieces if piece.at_ns >= end_ns]
    return Corpus(_posts(piece for piece in pieces if piece.at_ns < end_ns), _posts(late), end_ns)


def trace_id_of(number: int) -> str:
    """The same id for the same number; some share their lower half with another's."""
    low = number - 1 if number % 97 == 96 else number
    return blake2b(b"high%d" % number, digest_size=8).hexdigest() + blake2b(b"low%d" % low, digest_size=8).hexdigest()


class _World:
    """Who sends, and the next span id."""

    def __init__(self, chance: random.Random, users: int, sizes: Sizes) -> None:
        self._chance = chance
        self._sizes = sizes
        self._users = users
        self._spans = 0
        self._resources = [_resource(chance, service, host) for service in SERVICES for host in range(4)]
        self._resources += [
            Resource(attributes={"y": "b"}),
            Resource(attributes={"service.name": "", "region": "eu"}),
            Resource(attributes={"service.name": 7, "x": 1}),
            Resource(),
        ]
        self._scopes = [
            *(Scope(), Scope(name="lib", version="1.2", attributes={"x": "a"}), Scope(name="http", version="0.9")),
            Scope(name="db", attributes={"y": 2}),
        ]

    def trace(self, number: int, at_ns: int) -> list[Span]:
        """One trace that is told at about `at_ns`; the spans in the order in which they are made."""
        chance = self._chance
        count = _span_count(chance, self._sizes)
        began_ns = at_ns + _clock_error(chance) - chance.randrange(20 * S)
        spans: list[Span] = []
        for _ in range(count):
            parent = chance.choice(spans[-6:]) if spans and chance.random() < 0.97 else None
            spans.append(self.span(number, parent, began_ns, is_first=not spans))
        if chance.random() < 0.05:  # the root never comes
            spans = spans[1:] or spans
        if chance.random() < 0.02:
            spans[-1] = _with(spans[-1], parent_id=spans[-1].span_id)
        if len(spans) > 2 and chance.random() < 0.02:
            spans[0] = _with(spans[0], parent_id=spans[-1].span_id)
        if chance.random() < 0.03:  # reported open, and once more when it ended
            spans.append(_closed(spans[-1]))
        return spans

    def span(self, number: int, parent: Span | None, began_ns: int, *, is_first: bool) -> Span:
        """One span of trace `number`; without a parent it begins at about `began_ns`."""
        chance = self._chance
        self._spans += 1
        start_ns = (began_ns if parent is None else parent.start_ns) + (0 if is_first else _gap_ns(chance))
        start_ns = max(0, start_ns) if chance.random() > 0.003 else chance.choice((0, 1, 2**62))
        failed = chance.random() < 0.08
        same = parent is not None and chance.random() < 0.5
        return Span(
            trace_id=trace_id_of(number),
            span_id=f"{self._spans:016x}",
            parent_id=_parent_id(chance, parent, is_first=is_first),
            name=chance.choice(OPERATIONS) if chance.random() < 0.97 else f"job {chance.randrange(60)}",
            kind=chance.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 9)),
            start_ns=start_ns,
            end_ns=_end_ns(chance, start_ns),
            status_code=StatusCode.ERROR if failed else chance.choice((0, 0, 0, 1, 7)),
            status_message=chance.choice(ERRORS) if failed else "",
            attributes=self._attributes(number),
            events=tuple(self._event(start_ns) for _ in range(chance.randrange(1, 3))) if failed else (),
            links=(self._link(number),) if chance.random() < 0.05 else (),
            trace_state=chance.choice(TRACE_STATES),
            resource=parent.resource if same and parent is not None else chance.choice(self._resources),
            scope=chance.choice(self._scopes),
        )

    def _attributes(self, number: int) -> dict[str, Any]:
        chance = self._chance
        makers: tuple[tuple[float, str, Any], ...] = (
            (0.4, "http.request.method", lambda: chance.choice(METHODS)),
            (0.4, "http.response.status_code", lambda: chance.choice(STATUSES)),
            (0.3, "user.id", lambda: f"u-{chance.randrange(self._users):05d}"),
            (0.2, "order.total", lambda: round(chance.expovariate(1 / 80), 2)),
            (0.15, "retry.count", lambda: chance.randrange(6)),
            (0.1, "bytes", lambda: chance.randrange(1, 1 << chance.randrange(2, 40))),
            (0.15, "cache.hit", lambda: chance.random() < 0.7),
            (0.1, "tags", lambda: chance.sample(LABELS, chance.randrange(4))),
            (0.1, "x", lambda: chance.choice(TEXTS)),
            (0.1, "y", lambda: chance.choice((0, 1, 2, -3, 10, 500, 0.5, 1.0, 2.0, -3.5))),
            (0.1, "is.ok", lambda: chance.random() < 0.5),
            (0.1, chance.choice(("x", "y", "odd", "odd key {1}")), lambda: chance.choice(ODD_VALUES)),
            (0.06, "db.system", lambda: chance.choice(("postgresql", "redis"))),
            (0.06, "server.address", lambda: f"api{chance.randrange(5)}.example.com"),
            (0.01, "rare", lambda: f"only in {number}"),
            (0.02, "region", lambda: chance.choice(("eu", "ap"))),
        )
        return {key: make() for share, key, make in makers if chance.random() < share}

    def _event(self, start_ns: int) -> Event:
        chance = self._chance
        at_ns = max(0, start_ns + chance.choice((0, MS, 3 * S, -MS)))
        if chance.random() < 0.3:
            return Event(time_ns=at_ns, name="log", attributes={"x": chance.choice(TEXTS), "y": chance.randrange(4)})
        attributes = {"exception.type": chance.choice(EXCEPTIONS), "exception.message": f"no {chance.randrange(99)}"}
        return Event(time_ns=at_ns, name="exception", attributes=attributes)

    def _link(self, number: int) -> Link:
        other = self._chance.randrange(number + 1)
        return Link(trace_id=trace_id_of(other), span_id=f"{other + 1:016x}", attributes={"x": "a", "hop": other % 3})


def _resource(chance: random.Random, service: str, host: int) -> Resource:
    attributes = {"service.name": service, "region": chance.choice(REGIONS), "host.name": f"{service}-{host}"}
    extra = {"deployment.environment": "staging" if host == 3 else "prod", "service.version": f"1.{host}.0"}
    return Resource(attributes=attributes | (extra if chance.random() < 0.8 else {}))


def _span_count(chance: random.Random, sizes: Sizes) -> int:
    lot = chance.random()
    if lot < sizes.two_hundred:
        return 200
    if lot < sizes.two_hundred + sizes.forty:
        return chance.randrange(10, 40)
    return chance.choice(sizes.usual)


def _clock_error(chance: random.Random) -> int:
    """How far the sender's clock is off, if it is: hours, weeks, or so far that nobody can believe it."""
    lot = chance.random()
    if lot > 0.03:
        return 0
    return chance.choice((-2 * HOUR, -9 * HOUR, -20 * DAY, -31 * DAY, 2 * HOUR, 23 * HOUR, 25 * HOUR, 400 * DAY))


def _gap_ns(chance: random.Random) -> int:
    lot = chance.random()
    if lot < 0.02:
        return chance.randrange(80 * MINUTE)
    return chance.randrange(-2 * MS, 900 * MS) if lot < 0.9 else chance.choice((0, 1, MS))


def _end_ns(chance: random.Random, start_ns: int) -> int:
    lot = chance.random()
    if lot < 0.01:
        return 0
    if lot < 0.3:
        return start_ns + chance.choice((1, 2, MS, 5 * MS, 100 * MS, S))
    return max(0, start_ns + round(chance.lognormvariate(17, 2)) - (chance.random() < 0.01) * S)


def _parent_id(chance: random.Random, parent: Span | None, *, is_first: bool) -> str | None:
    lot = chance.random()
    if is_first:
        return None if lot < 0.93 else "0" * 16 if lot < 0.96 else MISSING_ID
    return None if parent is None else parent.span_id if lot < 0.98 else MISSING_ID


def _with(span: Span, **fields: Any) -> Span:
    return Span(**({name: getattr(span, name) for name in Span.__struct_fields__} | fields))


def _closed(span: Span) -> Span:
    attributes = span.attributes | {"closed": True}
    return _with(span, end_ns=max(span.end_ns, span.start_ns) + 7 * MS, attributes=attributes)


def _cut(chance: random.Random, spans: list[Span], at_ns: int, end_ns: int) -> list[Piece]:
    """The trace in pieces: most whole, some cut once or more, seconds or an hour apart; few spans in two pieces."""
    if len(spans) == 1 or chance.random() < 0.55:
        return [Piece(at_ns, tuple(spans))]
    left = spans[:]
    if chance.random() < 0.5:
        chance.shuffle(left)
    pieces: list[Piece] = []
    while left:
        cut = chance.randrange(1, len(left) + 1)
        pieces.append(Piece(at_ns, tuple(left[:cut])))
        kept = 1 if chance.random() < 0.05 and cut > 1 else 0
        left = left[cut - kept :]
        wait_ns = chance.choice((S, 20 * S, 70 * S, 3 * MINUTE, 10 * MINUTE, 55 * MINUTE, 80 * MINUTE))
        at_ns += wait_ns if at_ns + wait_ns < end_ns or chance.random() < 0.1 else S
    return pieces


def _is_believed(pieces: list[Piece]) -> bool:
    """Whether the clocks are nearly right. Else a retry moves the trace, which counts from its arrival, to another one.

    Until that is sealed, searches have it where it was (docs/adr/008, Consequences).
    """
    return all(abs(span.start_ns - NOON_NS) < 20 * HOUR for piece in pieces for span in piece.spans)


def _again(chance: random.Random, piece: Piece, end_ns: int) -> Piece:
    """A sender that had no answer tries again: at once, or much later."""
    wait_ns = chance.choice((2 * S, 30 * S, 2 * MINUTE, 20 * MINUTE))
    return Piece(max(piece.at_ns + 1, min(piece.at_ns + wait_ns, end_ns - 1)), piece.spans)


def _addition(chance: random.Random, world: _World, number: int, pieces: list[Piece]) -> tuple[Span, ...]:
    """More spans of a trace that was told before; they may begin before all others."""
    parent = chance.choice(chance.choice(pieces).spans)
    began_ns = max(0, parent.start_ns - chance.choice((0, S, 50 * MINUTE)))
    return tuple(world.span(number, chance.choice((parent, None)), began_ns, is_first=False) for _ in range(2))


def _posts(pieces: Iterable[Piece]) -> list[Post]:
    ordered = sorted(pieces, key=lambda piece: piece.at_ns)
    groups = groupby(ordered, key=lambda piece: piece.at_ns // POST_NS)
    return [
        Post((number + 1) * POST_NS, tuple(span for piece in group for span in piece.spans)) for number, group in groups
    ]
