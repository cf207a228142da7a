"""A trace of 10,008 spans, as large as the one that Jaeger's storage tests read back: sent in twelve posts, read in
pages of every form."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from chalicelib.codecs.otlp.messages import TracesData
from tests.codecs.otlp.actors import NOON_NS, TRACE, attributes, message, sent_by, span, span_id, told
from tests.end_to_end.backend import JSON, MEDIA_TYPES, PROTOBUF, Backend, read_message, unpacked
from tests.engines import moto_tables

SPANS = 10_008
POSTS = 12
BUDGET_BYTES = 200_000
PATH = f"/v1/traces/{TRACE.hex()}"


def posts() -> Iterator[TracesData]:
    """Every post has the whole time of the trace in it, from three services; the first span is the root."""
    chance = random.Random(10_008)
    for number in range(POSTS):
        spans = [
            span(
                n,
                name=f"step {n % 40}",
                parent_span_id=span_id(1 + n // 8) if n > 1 else b"",
                start_time_unix_nano=NOON_NS + n * 1_000,
                end_time_unix_nano=NOON_NS + n * 1_000 + chance.randrange(10**9),
                attributes=attributes(**{"faas.invocation_id": f"{chance.getrandbits(128):032x}", "n": n}),
            )
            for n in range(1 + number, SPANS + 1, POSTS)
        ]
        yield message(*(sent_by(f"service {part}", *spans[part::3]) for part in range(3)))


@pytest.fixture(scope="module")
def sent() -> Counter:
    return told(*posts())


@pytest.fixture(scope="module")
def backends() -> Iterator[tuple[Backend, Backend]]:
    """One whose answers are small, and one that gives the same trace whole."""
    with moto_tables() as connection:
        paged = Backend(connection, max_answer_bytes=BUDGET_BYTES)
        for number, post in enumerate(posts()):
            assert paged.post(post, MEDIA_TYPES[number % 2], "gzip").status == 200
        yield paged, Backend(connection, max_answer_bytes=10**9)


@pytest.mark.parametrize("packing", ["identity", "gzip"])
@pytest.mark.parametrize("accept", MEDIA_TYPES)
def test_pages_keep_to_their_budget_and_together_are_what_was_sent(backends, sent, accept, packing):
    paged, unpaged = backends
    headers = {"Accept": accept, "Accept-Encoding": packing}
    pages = list(paged.pages(PATH, **headers))
    [whole] = unpaged.pages(PATH, **headers)

    assert 1 < len(pages) <= -(-len(whole.body) // BUDGET_BYTES) * 2  # pages are not needlessly many either
    assert all(len(page.body) <= BUDGET_BYTES for page in pages)
    assert {page.headers.get("content-encoding", "identity") for page in pages} == {packing}
    assert told(*map(read_message, pages)) == told(read_message(whole)) == sent


def test_spans_come_in_order_of_time_from_page_to_page(backends):
    paged, _ = backends
    starts = [
        [each.start_time_unix_nano for each in spans_of(read_message(page))]
        for page in paged.pages(PATH, Accept=PROTOBUF)
    ]
    assert all(max(earlier) <= min(later) for earlier, later in pairwise(starts))


def spans_of(read: TracesData) -> Iterator:
    return (each for one in read.resource_spans for scope in one.scope_spans for each in scope.spans)


def test_a_cursor_is_the_same_in_the_header_the_link_and_the_body(backends):
    paged, _ = backends
    *pages, last = paged.pages(PATH, Accept=JSON)
    for page in pages:
        cursor = page.headers["x-spanfold-cursor"]
        assert page.headers["link"] == f'<?cursor={cursor}>; rel="next"'
        assert page.json()["cursor"] == cursor
    assert "link" not in last.headers
    assert "cursor" not in last.json()


@pytest.mark.parametrize("packing", ["identity", "gzip"])
def test_pages_of_the_assembly_keep_to_their_budget_and_together_are_the_whole(backends, packing):
    paged, unpaged = backends
    headers = {"Accept-Encoding": packing}
    pages = list(paged.pages(f"{PATH}/assembly", **headers))
    [whole] = unpaged.pages(f"{PATH}/assembly", **headers)

    assert len(pages) > 1
    assert all(len(page.body) <= BUDGET_BYTES for page in pages)
    assert one_after_the_other(json.loads(unpacked(page)) for page in pages) == json.loads(unpacked(whole))
    assert len(json.loads(unpacked(whole))["spans"]) == SPANS


def one_after_the_other(pages: Iterator[Mapping]) -> dict:
    together = dict(next(pages))
    for page in pages:
        assert page["summary"] == together["summary"]
        for name, entries in page.items():
            if isinstance(entries, list):
                together[name] = together[name] + entries
    together.pop("cursor", None)
    return together
