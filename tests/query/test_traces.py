"""Reading a trace by its id."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.grouping import group
from chalicelib.codecs.otlp.merge import Form
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.block import Block, held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import AnswerTooLarge, NoSuchTrace, QueryError, StoreError
from chalicelib.query.traces import TracePage, read_spans, read_trace
from chalicelib.services import Services
from chalicelib.settings import Settings
from tests.codecs.otlp.actors import OTHER_TRACE, TRACE, message, messages, sent_by, span, told
from tests.in_memory import services_in_memory

LATER = Deadline(1, lambda: 0)
PROTOBUF = Form(TracesData.SerializeToString, 1.0)
ID = TRACE.hex()


class Store:
    """Keeps the blocks of posts by tenant, and gives them back last first."""

    def __init__(self):
        self.kept = []

    def post(self, *posts, tenant="acme"):
        self.kept += [(tenant, block) for post in posts for block in group([post], 256 * 1024).blocks]
        return self

    def write(self, tenant, blocks, deadline):
        self.kept += [(tenant, block) for block in blocks]

    def read(self, tenant, trace_id, deadline):
        return (block for owner, block in reversed(self.kept) if owner == tenant and block.trace_id.endswith(trace_id))


def services(store: Store, **chosen) -> Services:
    return services_in_memory(settings=Settings(**chosen), blocks=store, now_ns=lambda: 0)


def read(store, trace_id=ID, *, cursor=None, budget_bytes=10**6, tenant="acme", form=PROTOBUF) -> TracePage:
    return read_trace(
        services(store), tenant, trace_id, cursor=cursor, budget_bytes=budget_bytes, deadline=LATER, form=form
    )


def read_all(store, **how) -> list[TracePage]:
    found = [read(store, **how)]
    while found[-1].next_cursor is not None:
        found.append(read(store, cursor=found[-1].next_cursor, **how))
    return found


def shop() -> Store:
    return Store().post(message(sent_by("cart", *(span(number) for number in range(1, 6)))))


def test_a_trace_is_merged_from_its_blocks_and_fits_on_one_page():
    store = Store().post(message(sent_by("cart", span(2))), message(sent_by("cart", span(1), span(2))))
    found = read(store)
    assert found.message == message(sent_by("cart", span(1), span(2)))
    assert found.body == found.message.SerializeToString()
    assert (found.span_count, found.next_cursor) == (2, None)


def test_a_trace_that_nobody_sent_is_no_such_trace():
    with pytest.raises(NoSuchTrace, match=OTHER_TRACE.hex()):
        read(shop(), OTHER_TRACE.hex())


def test_another_tenants_trace_is_no_such_trace_even_with_its_cursor():
    cursor = read(shop(), budget_bytes=1).next_cursor
    with pytest.raises(NoSuchTrace):
        read(shop(), cursor=cursor, tenant="other")


def test_an_id_in_upper_case_finds_the_trace():
    assert read(shop(), ID.upper()).span_count == 5


def test_sixteen_digits_find_every_trace_that_ends_with_them():
    store = shop().post(message(sent_by("stock", span(9, bytes(8) + TRACE[8:]))))
    assert read(store, ID[16:]).span_count == 6
    assert sum(one.span_count for one in read_all(store, trace_id=ID[16:], budget_bytes=1)) == 6


@pytest.mark.parametrize("wrong", ["", "xyz", ID[:-1], "0" * 32])
def test_an_id_that_is_none_is_the_askers_fault(wrong):
    with pytest.raises(QueryError, match="trace id"):
        read(shop(), wrong)


def test_pages_go_on_where_the_last_one_ended():
    found = read_all(shop(), budget_bytes=1)
    assert [one.span_count for one in found] == [1] * 5
    assert [to_spans(one.message)[0].span_id[-1] for one in found] == list("12345")


def test_a_cursor_can_be_put_into_a_url_as_it_is():
    cursor = read(shop(), budget_bytes=1).next_cursor
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def good_cursor() -> str:
    return read(shop(), budget_bytes=1).next_cursor


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "!",
        lambda _: "é",
        lambda _: "AQ",
        lambda good: good[:-1],
        lambda good: good + "A",
        lambda good: good + "=",
        lambda good: good + "\n",
        lambda good: " " + good,
        lambda good: "B" + good[1:],
        lambda good: base64.urlsafe_b64encode(b"\x01" + bytes(30)).decode(),
        lambda good: base64.urlsafe_b64encode(b"\x01" + bytes(56)).decode() + "x" * 1000,
    ],
)
def test_a_spoilt_cursor_is_the_askers_fault(spoil):
    with pytest.raises(QueryError, match="is not one that was given out"):
        read(shop(), cursor=spoil(good_cursor()))


@given(
    st.text(max_size=80) | st.binary(max_size=60).map(lambda any_bytes: base64.urlsafe_b64encode(any_bytes).decode())
)
@settings(deadline=None)
def test_no_cursor_at_all_breaks_anything_but_the_askers_hope(cursor):
    with pytest.raises(QueryError, match="cursor"):
        read(shop(), cursor=cursor)


def test_a_cursor_of_another_trace_is_named_as_such():
    store = shop().post(message(sent_by("cart", span(1, OTHER_TRACE))))
    with pytest.raises(QueryError, match=f"is of trace {ID}, not {OTHER_TRACE.hex()}"):
        read(store, OTHER_TRACE.hex(), cursor=good_cursor())


@given(st.lists(messages, max_size=3), st.integers(1, 2000))
@settings(deadline=None)
def test_pages_together_are_the_trace_and_none_passes_its_budget(posts, budget_bytes):
    store = shop().post(*posts)
    found = read_all(store, budget_bytes=budget_bytes)
    assert told(*(one.message for one in found)) == told(read(store).message)
    assert all(len(one.body) <= budget_bytes or one.span_count == 1 for one in found)


@given(st.lists(messages, max_size=3), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_blocks_in_any_order_and_number_give_the_same_answer(posts, chance):
    store, shuffled = shop().post(*posts), Store()
    shuffled.kept = store.kept + chance.choices(store.kept, k=2)
    chance.shuffle(shuffled.kept)
    assert read_all(shuffled, budget_bytes=300) == read_all(store, budget_bytes=300)
    assert repr(read_spans(services(shuffled), "acme", ID, LATER)) == repr(
        read_spans(services(store), "acme", ID, LATER)
    )


def test_spans_come_once_each_by_start_time_whoever_sent_them():
    store = Store().post(message(sent_by("stock", span(1), span(3)), sent_by("cart", span(2))))
    store.post(message(sent_by("cart", span(2))))
    spans = read_spans(services(store), "acme", ID, LATER)
    assert [(one.span_id[-1], one.resource.service_name) for one in spans] == [
        ("1", "stock"),
        ("2", "cart"),
        ("3", "stock"),
    ]


def test_spans_of_a_large_trace_share_their_resource():
    posts = [message(sent_by("cart", *(span(at * 500 + n) for n in range(1, 501)))) for at in range(5)]
    spans = read_spans(services(Store().post(*posts)), "acme", ID, LATER)
    assert len(spans) == 2500
    assert len({id(one.resource) for one in spans}) == 1


def test_spans_of_a_trace_that_nobody_sent_are_no_such_trace():
    with pytest.raises(NoSuchTrace):
        read_spans(services(Store()), "acme", ID, LATER)


@pytest.mark.parametrize("reading", [read, lambda store: read_spans(services(store), "acme", ID, LATER)])
def test_a_block_that_is_not_otlp_is_an_error_of_the_store_that_kept_it(reading):
    store = shop()
    store.write("acme", [Block(trace_id=ID, payload=b"\x0a\x09short", span_count=1)], LATER)
    with pytest.raises(StoreError, match=f"trace {ID} is not OTLP"):
        reading(store)


def test_a_trace_larger_than_a_read_may_hold_is_refused_and_not_tried():
    kept = shop()
    weight = sum(held_bytes(block) for _, block in kept.kept)
    how = {"cursor": None, "budget_bytes": 10**6, "deadline": LATER, "form": PROTOBUF}
    assert read_trace(services(kept, max_trace_bytes=weight), "acme", ID, **how).span_count
    small = services(kept, max_trace_bytes=weight - 1)
    with pytest.raises(AnswerTooLarge, match=ID):
        read_trace(small, "acme", ID, **how)
    with pytest.raises(AnswerTooLarge, match=ID):
        read_spans(small, "acme", ID, LATER)
