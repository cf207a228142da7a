import json
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.assembly.steps import assemble
from chalicelib.codecs.assembly import encode
from chalicelib.model.errors import QueryError
from chalicelib.model.trace import AssembledTrace
from tests.actors import exception, failure, span, span_id, trace

SHOP = assemble(trace())
WHOLE = 10**9


def pages(assembled: AssembledTrace, budget_bytes: int) -> list[bytes]:
    """Every page, in order."""
    page = encode(assembled, None, budget_bytes)
    bodies = [page.body]
    while page.cursor:
        page = encode(assembled, page.cursor, budget_bytes)
        bodies.append(page.body)
    return bodies


def joined(bodies: list[bytes]) -> dict[str, Any]:
    """What a reader has who put the lists of all pages one after the other."""
    documents = [json.loads(body) for body in bodies]
    for document in documents:
        document.pop("cursor", None)
    return {
        name: list(chain.from_iterable(document[name] for document in documents)) if isinstance(value, list) else value
        for name, value in documents[0].items()
    }


def test_a_small_trace_is_one_page_without_a_cursor():
    page = encode(SHOP, None, WHOLE)
    assert page.cursor is None
    assert list(json.loads(page.body)) == [
        "summary",
        "traceIds",
        "rootIds",
        "warnings",
        "services",
        "orphans",
        "links",
        "errors",
        "criticalPath",
        "completionPath",
        "spans",
    ]


def test_a_span_is_written_as_people_will_read_it():
    document = json.loads(encode(SHOP, None, WHOLE).body)
    assert document["spans"][1] == {
        "spanId": span_id("checkout"),
        "name": "checkout",
        "service": "checkout",
        "kind": "server",
        "parentId": span_id("POST /orders"),
        "parentIndex": 0,
        "depth": 1,
        "childCount": 3,
        "descendantCount": 7,
        "startTimeUnixNano": "1782043200350000000",
        "offsetNs": 350000000,
        "durationNs": 530000000,
        "selfTimeNs": 160000000,
        "criticalNs": 160000000,
        "errorsBelow": 1,
        "remoteParent": True,
        "coldStart": True,
        "attributeCount": 2,
    }


@pytest.mark.parametrize("budget_bytes", [2000, 3000, 5000])
def test_pages_keep_to_the_budget_and_make_up_the_whole(budget_bytes: int):
    bodies = pages(SHOP, budget_bytes)
    assert len(bodies) > 1
    assert max(map(len, bodies)) <= budget_bytes
    assert joined(bodies) == json.loads(encode(SHOP, None, WHOLE).body)


@settings(deadline=None)
@given(st.integers(0, 8000), st.integers(0, 40))
def test_any_budget_gives_pages_that_make_up_the_whole(budget_bytes: int, children: int):
    assembled = assemble([span("root"), *(span(f"child {n}", parent="root") for n in range(children))])
    assert joined(pages(assembled, budget_bytes)) == json.loads(encode(assembled, None, WHOLE).body)


def test_an_entry_beyond_the_budget_has_a_page_of_its_own():
    long = exception(message="x" * 5000)
    bodies = pages(assemble([span("a", events=(long,), **failure()), span("b", parent="a")]), 2000)
    assert sorted(len(body) > 2000 for body in bodies)[-2:] == [False, True]


def test_a_cursor_of_the_trace_as_it_was_is_refused():
    before = encode(SHOP, None, 2000)
    now = assemble([*trace(), span("late", parent="checkout", at=(360, 370))])
    with pytest.raises(QueryError, match="read it again without a cursor"):
        encode(now, before.cursor, 2000)


@pytest.mark.parametrize("cursor", ["", "x", "é", "A" * 31, "A" * 33, "=" * 32, "A" * 4000, "\x00"])
def test_a_cursor_that_nobody_gave_is_refused(cursor: str):
    with pytest.raises(QueryError, match="not one that this service gave"):
        encode(SHOP, cursor, 2000)


def test_a_cursor_past_the_end_is_refused():
    first = encode(SHOP, None, 2000).cursor
    assert first is not None
    with pytest.raises(QueryError):
        encode(SHOP, first[:-10] + "_" * 10, 2000)
