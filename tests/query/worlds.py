"""A few hours of a shop's traces, told piece by piece, and what a naive reader of all facts finds in them."""

import random
from collections import defaultdict

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.span import Event, Kind, Link, Resource, Span, StatusCode
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import Window
from chalicelib.search.evaluation import evaluate
from chalicelib.search.parser import parse
from tests.in_memory import TENANT
from tests.views.pipeline import Pipeline, trace_id_of

S = 1_000_000_000
MINUTE = 60 * S
HOUR = 3600 * S

SERVICES = [Resource(attributes={"service.name": name, "region": region}) for name in "abc" for region in ("eu", "us")]
NAMES = ("GET /", "POST /orders", "charge", "query")
QUERIES = (
    "",
    "{ status = error }",
    '{ resource.service.name = "a" }',
    '{ span.user = "u3" }',
    '{ span.user =~ "u[1-4]" && resource.region = "eu" }',
    "{ duration > 2s }",
    "{ traceDuration > 20m }",
    "{ traceDuration < 3s }",
    '{ rootServiceName = "b" }',
    '{ rootName = "charge" && status = error }',
    '{ resource.service.name = "a" } && { resource.service.name = "b" }',
    '{ name = "GET /" } >> { status = error }',
    '{ name = "charge" } || { .user = "u1" }',
    "{ event:name = `retry` }",
    "{ .user != nil } | count() > 1",
    "{ kind = server } | by(resource.service.name) | count() > 1",
    "{ span.attempts >= 3 }",
)


def random_trace(chance: random.Random, number: int, start_ns: int) -> list[Span]:
    """One to six spans, some of which begin long after the first, and long before they are told."""
    spans: list[Span] = []
    for index in range(chance.choice((1, 1, 2, 3, 6))):
        parent = chance.choice(spans).span_id if spans and chance.random() < 0.9 else None
        offset_ns = chance.choice((0, 1, 5)) * S + (chance.randrange(90) * MINUTE if chance.random() < 0.1 else 0)
        begins_ns = start_ns + (offset_ns if index else 0) + index
        spans.append(
            Span(
                trace_id=trace_id_of(f"trace {number}"),
                span_id=f"{number:08x}{index + 1:08x}",
                parent_id=parent,
                name=chance.choice(NAMES),
                kind=chance.choice((Kind.SERVER, Kind.CLIENT, Kind.INTERNAL)),
                start_ns=begins_ns,
                end_ns=begins_ns + chance.randrange(4 * S),
                status_code=StatusCode.ERROR if chance.random() < 0.1 else StatusCode.UNSET,
                attributes=_attributes(chance),
                events=(Event(time_ns=begins_ns, name="retry"),) if chance.random() < 0.05 else (),
                links=(Link(trace_id=trace_id_of("trace 3"), span_id="00000003" + "00000001"),)
                if chance.random() < 0.05
                else (),
                resource=chance.choice(SERVICES),
            )
        )
    return spans


def _attributes(chance: random.Random) -> dict[str, object]:
    found: dict[str, object] = {}
    if chance.random() < 0.4:
        found["user"] = f"u{chance.randrange(8)}"
    if chance.random() < 0.2:
        found["attempts"] = chance.randrange(5)
    return found


def tell(pipeline: Pipeline, seed: int, count: int, *, hours: float = 4) -> None:
    """Post `count` traces over so many hours, each in a few blocks, late ones among them; seal as time goes by.

    At the end some minutes are not sealed.
    """
    chance = random.Random(seed)
    begin_ns = pipeline.clock.at_ns
    posts: list[tuple[int, list[Span]]] = []
    for number in range(count):
        start_ns = begin_ns + chance.randrange(int(hours * HOUR))
        remaining = random_trace(chance, number, start_ns)
        chance.shuffle(remaining)
        while remaining:
            cut = chance.randrange(len(remaining)) + 1
            told, remaining = remaining[:cut], remaining[cut:]
            ended_ns = max(span.end_ns for span in told)
            posts.append((ended_ns + chance.choice((1, 10, 70)) * S, told))
    posts.sort(key=lambda post: post[0])
    batch = []
    ticked_ns = begin_ns
    for at_ns, told in posts:
        while ticked_ns + MINUTE <= min(at_ns, begin_ns + int(hours * HOUR)):
            ticked_ns += MINUTE
            if chance.random() < 0.95:  # else what came is told after its window's seal was due
                _deliver(pipeline, batch, chance)
                batch = []
            pipeline.clock.at_ns = max(pipeline.clock.at_ns, ticked_ns)
            pipeline.tick()
            pipeline.work()
        if at_ns > begin_ns + int(hours * HOUR):
            break
        pipeline.clock.at_ns = max(pipeline.clock.at_ns, at_ns)
        batch.append(pipeline.post(told))
        if len(batch) == 7:
            _deliver(pipeline, batch, chance)
            batch = []
    _deliver(pipeline, batch, chance)


def _deliver(pipeline: Pipeline, batch: list, chance: random.Random) -> None:
    if not batch:
        return
    pipeline.deliver(batch)
    if chance.random() < 0.3:
        cut = chance.randrange(len(batch)) + 1
        pipeline.deliver(batch[:cut])


def every_trace(pipeline: Pipeline, tenant: str = TENANT) -> list[StoredTrace]:
    blocks = defaultdict(list)
    for owner, kept in pipeline.facts.scan():
        if owner == tenant:
            blocks[kept.block.trace_id].append(kept)
    return [stored_trace(found) for found in blocks.values()]


def naive_search(traces: list[StoredTrace], query: str, window: Window) -> list[str]:
    """The ids of the traces that begin in the window and match, newest first."""
    parsed = parse(query or "{ }")
    found = [
        (trace.extent().start_ns, trace.trace_id)
        for trace in traces
        if window.start_ns <= trace.extent().start_ns < window.end_ns and evaluate(parsed, trace)
    ]
    return [trace_id for _, trace_id in sorted(found, reverse=True)]
