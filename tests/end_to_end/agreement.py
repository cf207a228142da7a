"""A search asked of the API and of the naive reader, and where they disagree."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chalicelib.model.windows import Window
from tests.clocks import NOON_NS
from tests.end_to_end.asking import search_pages
from tests.end_to_end.backend import Gateway
from tests.end_to_end.corpus import DAY, HOUR, LASTS_NS, MINUTE
from tests.end_to_end.truth import Answer, Truth, within


class Question(NamedTuple):
    """`pages`: on about how many the answer is to come."""

    query: str
    window: Window
    pages: int


def window(chance: random.Random) -> Window:
    """All the time in which anything can be, some hours around a corpus, or minutes in it."""
    begin_ns = NOON_NS  # when corpora begin
    lot = chance.random()
    if lot < 0.04:
        return Window(0, begin_ns + 9 * DAY)
    if lot < 0.25:
        return Window(begin_ns - 3 * HOUR, begin_ns + 3 * HOUR)
    start_ns = begin_ns + chance.randrange(-10 * MINUTE, LASTS_NS)
    return Window(start_ns, start_ns + chance.choice((3 * MINUTE, 20 * MINUTE, 30 * MINUTE)) + chance.randrange(MINUTE))


def disagreements(gateway: Gateway, truth: Truth, asked: Iterable[Question]) -> Iterator[str]:
    for question in asked:
        expected = within(truth.search(question.query), question.window)
        limit = min(1000, len(expected) // question.pages + 1)
        found = search(gateway, question.query, question.window, limit)
        if [short(trace) for trace in found] != list(map(told, expected)):
            yield f"{question}: {difference(found, expected)}"


def search(gateway: Gateway, query: str, window: Window, limit: int) -> list[Any]:
    """The traces on all pages, of which only the last may have room left."""
    pages = list(search_pages(gateway, query, window, limit=limit, spss=100))
    assert all(len(page["traces"]) == limit for page in pages[:-1])
    return [trace for page in pages for trace in page["traces"]]


def short(found: Any) -> Any:
    """What the API says of a trace."""
    spansets = [
        (each["matched"], [span["spanId"] for span in each["spans"]], len(each["attributes"]))
        for each in found["spanSets"]
    ]
    start_ns, last_ns = int(found["startTimeUnixNano"]), found["durationNs"]
    return found["traceId"], start_ns, last_ns, found["spanCount"], found["errorCount"], spansets


def told(answer: Answer) -> Any:
    """What the API should say of a trace: for each of the first 100 spansets its first 100 spans."""
    trace, spansets = answer
    errors = sum(span.status_code == 2 for span in trace.spans)
    sets = [(len(spans), spans[:100], len(said)) for spans, said in spansets[:100]]
    return trace.trace_id, trace.start_ns, trace.end_ns - trace.start_ns, len(trace.spans), errors, sets


def difference(found: list[Any], expected: list[Answer]) -> str:
    there, right = [each["traceId"] for each in found], [each.trace.trace_id for each in expected]
    if there == right:
        pairs = zip(map(short, found), map(told, expected), strict=True)
        return next(f"{one} is not {other}" for one, other in pairs if one != other)
    missing, surplus = sorted(set(right) - set(there)), sorted(set(there) - set(right))
    return f"{len(there)} of {len(right)}; missing {missing[:3]}, too many {surplus[:3]}"
