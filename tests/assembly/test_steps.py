"""The shop's trace, whole: what somebody sees who opens it."""

from chalicelib.assembly.steps import assemble
from chalicelib.assembly.vocabulary import TEXTS
from tests.actors import MS, NOON_NS, TRACE_ID, named, span_id, trace
from tests.assembly.reading import path, tree

SHOP = assemble(trace())


def test_the_tree_follows_the_order_through_the_shop():
    assert tree(SHOP) == [
        "POST /orders",
        "  checkout",
        "    charge (client)",
        "      charge",
        "    PutItem (client)",
        "      PutItem",
        "    send orders",
        "      orders",
        "        process orders",
    ]


def test_the_summary_is_the_trace_in_one_line():
    summary = SHOP.summary
    assert SHOP.trace_ids == (TRACE_ID,)
    assert SHOP.root_ids == (span_id("POST /orders"),)
    assert (summary.root_name, summary.root_service) == ("POST /orders", "frontend")
    assert (summary.start_time_unix_nano, summary.duration_ns) == (str(NOON_NS), 5400 * MS)
    assert (summary.root_duration_ns, summary.max_depth) == (900 * MS, 4)
    assert (summary.span_count, summary.service_count, summary.error_count, summary.orphan_count) == (9, 6, 1, 0)
    assert SHOP.warnings == ()


def test_the_customer_waited_for_the_cold_start_and_the_card():
    assert path(SHOP, SHOP.critical_path) == [
        ("POST /orders", 0, 350),
        ("checkout", 350, 400),
        ("charge (client)", 400, 405),
        ("charge", 405, 695),
        ("charge (client)", 695, 700),
        ("checkout", 700, 710),
        ("PutItem (client)", 710, 715),
        ("PutItem", 715, 755),
        ("PutItem (client)", 755, 760),
        ("checkout", 760, 780),
        ("send orders", 780, 800),
        ("checkout", 800, 880),
        ("POST /orders", 880, 900),
    ]


def test_the_order_was_complete_when_fulfilment_had_taken_it_from_the_queue():
    assert path(SHOP, SHOP.completion_path)[-3:] == [
        ("send orders", 780, 800),
        ("orders", 800, 5000),
        ("process orders", 5000, 5400),
    ]


def test_each_service_has_its_totals():
    checkout = {totals.service: totals for totals in SHOP.services}["checkout"]
    assert (checkout.span_count, checkout.error_count, checkout.cold_start_count) == (4, 0, 1)
    assert checkout.self_time_ns == (160 + 10 + 10 + 20) * MS
    assert (checkout.first_offset_ns, checkout.last_offset_ns) == (350 * MS, 880 * MS)
    assert [totals.service for totals in SHOP.services] == sorted(totals.service for totals in SHOP.services)


def test_the_cold_start_and_the_declined_card_are_seen_at_once():
    assert named(SHOP.spans)["checkout"].cold_start
    (error,) = SHOP.errors
    assert (error.name, error.origin, error.exceptions[0].type) == ("charge", True, "CardDeclined")
    assert SHOP.spans[error.index].span_id == error.span_id


def test_no_spans_make_an_empty_trace():
    empty = assemble([])
    assert (empty.spans, empty.warnings, empty.critical_path) == ((), (), ())
    assert (empty.summary.span_count, empty.summary.start_time_unix_nano) == (0, "0")


def test_every_warning_has_a_text_that_ends_as_a_sentence():
    assert all(text.endswith(".") for text in TEXTS.values())
