"""Reading a trace by its id, assembled."""

import gzip
import json
from collections.abc import Iterator, Sequence

import pytest

from chalicelib.assembly.steps import assemble
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.block import Block
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import NoSuchTrace
from chalicelib.model.span import Span
from chalicelib.query.assembly import read_assembly, read_assembly_page
from chalicelib.services import Services
from chalicelib.settings import Settings
from tests.actors import TRACE_ID, trace
from tests.assembly.reading import tree
from tests.in_memory import services_in_memory

LATER = Deadline(1, lambda: 0)


class Posts:
    """A store that gives back what its tenant posted, one block for each post."""

    def __init__(self, *posts: Sequence[Span]) -> None:
        self.blocks = [
            Block(trace_id=TRACE_ID, payload=from_spans(spans).SerializeToString(), span_count=len(spans))
            for spans in posts
        ]

    def read(self, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[Block]:
        return (block for block in self.blocks if tenant == "acme" and block.trace_id.endswith(trace_id))


def services(posts: Posts, **changed: int) -> Services:
    return services_in_memory(settings=Settings(**changed), blocks=posts, now_ns=lambda: 0)


def test_a_trace_comes_back_assembled_from_its_posts_in_whatever_order():
    spans = trace()
    posts = Posts(spans[5:], spans[:5], spans[3:7])
    assert read_assembly(services(posts), "acme", TRACE_ID, LATER) == assemble(spans)


def test_the_low_half_of_the_id_finds_the_trace():
    assert tree(read_assembly(services(Posts(trace())), "acme", TRACE_ID[16:], LATER)) == tree(assemble(trace()))


def test_a_trace_of_another_tenant_is_no_such_trace():
    with pytest.raises(NoSuchTrace):
        read_assembly(services(Posts(trace())), "other", TRACE_ID, LATER)


def test_pages_keep_to_what_an_answer_may_weigh():
    small = services(Posts(trace()), max_answer_bytes=3000)
    page = read_assembly_page(small, "acme", TRACE_ID, None, LATER)
    assert len(page.body) <= 3000
    rest = read_assembly_page(small, "acme", TRACE_ID, page.cursor, LATER)
    assert json.loads(page.body)["spans"] + json.loads(rest.body)["spans"]


def test_packed_pages_hold_more_and_keep_to_what_an_answer_may_weigh():
    small = services(Posts(trace()), max_answer_bytes=2000)
    plain = read_assembly_page(small, "acme", TRACE_ID, None, LATER)
    packed = read_assembly_page(small, "acme", TRACE_ID, None, LATER, pack=gzip.compress)
    assert len(packed.body) <= 2000
    assert len(gzip.decompress(packed.body)) > len(plain.body)


def test_a_packing_that_gains_nothing_still_keeps_to_the_budget():
    small = services(Posts(trace()), max_answer_bytes=2000)
    page = read_assembly_page(small, "acme", TRACE_ID, None, LATER, pack=bytes)
    assert page == read_assembly_page(small, "acme", TRACE_ID, None, LATER)
