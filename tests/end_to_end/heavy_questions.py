"""Asks one question of a store made to be hard, and prints status, peak MiB, CPU seconds and bytes of the answer.

A program of its own, because a process's peak cannot be reset: `python -m tests.end_to_end.heavy_questions CASE`.
Views and facts are in memory, as the functions of a deployment would have put them.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from time import process_time
from typing import NamedTuple
from urllib.parse import quote, urlencode

from benchmarks.measures.processes import peak_mib
from chalicelib.model.span import Event, Resource, Span, StatusCode
from tests.end_to_end.backend import Gateway
from tests.views.pipeline import Pipeline, trace_id_of

S = 1_000_000_000
MIB = 1024 * 1024
REGEXES = " && ".join(f"span.large =~ `(x+x+)+{number}y?`" for number in range(32))
PARENTS = " >> ".join(["{ }"] * 6)

Spans = list[Span]


def large_values(pipeline: Pipeline) -> Iterator[Spans]:
    """A hundred traces with a value of half a MiB in each of two spans."""
    for number in range(100):
        yield [
            _span(pipeline, f"large {number}", n, attributes={"large": "x" * (MIB // 2) + str(number)}) for n in (1, 2)
        ]


def many_attributes(pipeline: Pipeline) -> Iterator[Spans]:
    """A span with 20,000 attributes, and ten with 2,000."""
    yield [_span(pipeline, "many", 1, attributes={f"key.{n}": n for n in range(20_000)})]
    for number in range(10):
        yield [_span(pipeline, f"some {number}", 1, attributes={f"key.{n}": f"v{n % 7}" for n in range(2_000)})]


def many_values(pipeline: Pipeline) -> Iterator[Spans]:
    """Two thousand traces, none of which shares a user, a second or a name with another."""
    for number in range(2_000):
        user = f"user {number}"
        begins_ns = pipeline.clock.at_ns - number * S
        yield [
            _span(pipeline, user, 1, name=f"GET /{user}", start_ns=begins_ns, attributes={"user": user, "n": number})
        ]


def one_large_trace(pipeline: Pipeline) -> Iterator[Spans]:
    """20,000 spans of one trace: a chain of half of them, with a thousand others beside each of its first spans."""
    for block in range(20):
        yield [_of_tree(pipeline, number) for number in range(block * 1_000, (block + 1) * 1_000)]


def _of_tree(pipeline: Pipeline, number: int) -> Span:
    parent = number - 1 if number < 10_000 else number % 20
    return _span(
        pipeline,
        "tree",
        number + 1,
        parent_id=f"{parent + 1:016x}" if number else None,
        status_code=StatusCode.ERROR if number % 3 == 0 else StatusCode.UNSET,
        attributes={"user": f"u{number % 1_000}", "n": number},
        events=(Event(time_ns=pipeline.clock.at_ns, name="retry"),),
    )


def _span(pipeline: Pipeline, trace: str, number: int, **fields: object) -> Span:
    begins_ns = pipeline.clock.at_ns - S
    given = {"name": "GET /", "start_ns": begins_ns, "resource": Resource(attributes={"service.name": "cart"})} | fields
    return Span(trace_id=trace_id_of(trace), span_id=f"{number:016x}", end_ns=given["start_ns"] + number, **given)


class Case(NamedTuple):
    """A world, and what is asked of it."""

    world: Callable[[Pipeline], Iterable[Spans]]
    path: str
    parameters: dict[str, object]


def _search(world: Callable[[Pipeline], Iterable[Spans]], q: str, prefix: str = "/v1") -> Case:
    path = "/v1/search" if prefix == "/v1" else "/tempo/api/search"
    return Case(world, path, {"q": q, "limit": 1000, "spss": 100})


def _series(world: Callable[[Pipeline], Iterable[Spans]], q: str, prefix: str = "/v1", step: str = "1") -> Case:
    if prefix == "/v1":
        return Case(world, "/v1/metrics/query", {"q": q, "limit": 1000, "step": step, "start": -7200})
    return Case(world, "/tempo/api/metrics/query_range", {"q": q, "maxSeries": 1000, "step": step, "start": -7200})


NAMED = "{ name = `GET /` }"
QUANTILES = ", ".join(f"0.{number:04d}" for number in range(1, 1_000))
MANY_QUANTILES = f"{{ }} | quantile_over_time(duration, {QUANTILES})"
COMPARED = "{ } | compare({ name = `x` }, 5000)"
BY_USER = "{ } | rate() by (span.user)"
BY_THE_MINUTE = {"by": "service,operation,kind", "step": 60, "start": -500_000}
SELECTED = ", ".join(f"span.key.{number}" for number in range(900))

CASES = {
    "32 regular expressions over large values": _search(large_values, f"{{ {REGEXES} }}"),
    "32 regular expressions over large values, Tempo": _search(large_values, f"{{ {REGEXES} }}", "/tempo"),
    "large values selected": _search(large_values, "{ } | select(span.large)"),
    "large values listed": Case(large_values, "/v1/attributes/large/values", {"limit": 1000}),
    "large values listed of a query": Case(large_values, "/v1/attributes/large/values", {"limit": 1000, "q": NAMED}),
    "large values listed, Tempo": Case(large_values, "/tempo/api/v2/search/tag/span.large/values", {"q": NAMED}),
    "by large values": _series(large_values, "{ } | rate() by (span.large)"),
    "by large values, Tempo": _series(large_values, "{ } | rate() by (span.large)", "/tempo"),
    "compare large values": _series(large_values, "{ } | compare({ name = `x` }, 1000)"),
    "hundreds selected": _search(many_attributes, f"{{ }} | select({SELECTED})"),
    "hundreds selected, Tempo": _search(many_attributes, f"{{ }} | select({SELECTED})", "/tempo"),
    "many attributes listed": Case(many_attributes, "/v1/attributes", {}),
    "many attributes listed, Tempo": Case(many_attributes, "/tempo/api/v2/search/tags", {}),
    "many attributes compared": _series(many_attributes, COMPARED),
    "many attributes compared by the minute, Tempo": _series(
        many_attributes, "{ } | compare({ name = `x` }, 5000)", "/tempo", "60s"
    ),
    "many values compared, Tempo": _series(many_values, "{ } | compare({ span.n > 1500 }, 5000)", "/tempo"),
    "by many values": _series(many_values, BY_USER),
    "by many values, Tempo": _series(many_values, BY_USER, "/tempo"),
    "by many values, a sample in few steps, Tempo": _series(
        many_values, "{ } | rate() by (span.user)", "/tempo", "30s"
    ),
    "thousands of quantiles": _series(many_values, MANY_QUANTILES),
    "thousands of quantiles by many values": _series(
        many_values, f"{{ }} | quantile_over_time(duration, {QUANTILES}) by (span.user)"
    ),
    "buckets by many values": _series(many_values, "{ } | histogram_over_time(duration) by (span.user)"),
    "many operations": Case(many_values, "/v1/services/cart/operations", {}),
    "many operations by the minute": Case(many_values, "/v1/metrics", BY_THE_MINUTE),
    "descendants of descendants": _search(one_large_trace, PARENTS),
    "not descendants": _search(one_large_trace, "{ status = error } !>> { status != error }"),
    "siblings": _search(one_large_trace, "{ status = error } ~ { status != error }"),
    "all ancestors": _search(one_large_trace, "{ status = error } &<< { span.n > 5 }"),
    "groups of a large trace": _search(
        one_large_trace, "{ } | by(span.user) | count() > 1 | by(span.n) | select(span.n)"
    ),
    "groups of a large trace, Tempo": _search(one_large_trace, "{ } | by(span.user) | count() > 1", "/tempo"),
    "a large trace measured": _series(one_large_trace, "{ } >> { } | quantile_over_time(duration, .5) by (span.n)"),
    "an excerpt of a large trace": Case(
        one_large_trace,
        f"/tempo/api/v2/traces/{trace_id_of('tree')}",
        {"q": "{ status = error }", "keep_hierarchy": "true", "match_depth": 999_999_999},
    ),
}


def _ask(case: Case) -> tuple[int, float, int, bool]:
    pipeline = Pipeline()
    for number, spans in enumerate(case.world(pipeline)):
        pipeline.deliver([pipeline.post(spans)])
        if number % 1_000 == 999:
            pipeline.clock.advance_s(60)
    pipeline.settle(240)
    gateway = Gateway(pipeline.services, pipeline.clock)
    now_s = pipeline.clock.at_ns // S
    asked = {"start": -5_000, "end": now_s} | case.parameters
    asked["start"] += now_s
    started = process_time()
    reply = gateway.ask("GET", f"{case.path}?{urlencode(asked, quote_via=quote)}", {"Accept-Encoding": "gzip"})
    sys.stderr.write(f"{reply.body[:300]!r} {pipeline.telemetry.failures}\n")
    return reply.status, process_time() - started, len(reply.body), not pipeline.telemetry.failures


if __name__ == "__main__":
    status, seconds, size_bytes, went_well = _ask(CASES[sys.argv[1]])
    sys.stdout.write(f"{status} {peak_mib():.0f} {seconds:.1f} {size_bytes} {went_well}\n")
