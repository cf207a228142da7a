"""Worked by hand: every number here can be checked with a pencil."""

from chalicelib.assembly.steps import assemble
from chalicelib.model.span import Kind, Link
from tests.actors import FULFILMENT, MS, PAYMENTS, named, span
from tests.assembly.reading import path


def critical(*spans):
    trace = assemble(spans)
    return path(trace, trace.critical_path)


def completion(*spans):
    trace = assemble(spans)
    return path(trace, trace.completion_path)


ROOT = span("root", at=(0, 100))


def test_a_root_alone_is_its_own_path():
    assert critical(ROOT) == [("root", 0, 100)]


def test_calls_one_after_the_other_are_all_on_the_path():
    assert critical(ROOT, span("a", parent=ROOT, at=(10, 40)), span("b", parent=ROOT, at=(50, 90))) == [
        ("root", 0, 10),
        ("a", 10, 40),
        ("root", 40, 50),
        ("b", 50, 90),
        ("root", 90, 100),
    ]


def test_of_calls_side_by_side_the_last_to_finish_counts():
    assert critical(ROOT, span("quick", parent=ROOT, at=(10, 50)), span("slow", parent=ROOT, at=(10, 80))) == [
        ("root", 0, 10),
        ("slow", 10, 80),
        ("root", 80, 100),
    ]


def test_a_call_that_finished_before_the_slow_one_began_counts_too():
    """b waited for a, though a and c overlapped: a 0-30, c 10-70, b 40-90; c was still running when b began."""
    spans = [span(name, parent=ROOT, at=at) for name, at in {"a": (0, 30), "c": (10, 70), "b": (40, 90)}.items()]
    assert critical(ROOT, *spans) == [("a", 0, 30), ("root", 30, 40), ("b", 40, 90), ("root", 90, 100)]


def test_the_path_goes_down_into_the_child_and_comes_back():
    child = span("child", parent=ROOT, at=(20, 80))
    grandchild = span("grandchild", parent=child, at=(30, 60))
    assert critical(ROOT, child, grandchild) == [
        ("root", 0, 20),
        ("child", 20, 30),
        ("grandchild", 30, 60),
        ("child", 60, 80),
        ("root", 80, 100),
    ]


def test_a_callee_that_outlives_its_caller_counts_until_the_caller_gave_up():
    client = span("client", parent=ROOT, at=(10, 90), kind=Kind.CLIENT)
    server = span("server", parent=client, at=(20, 250), kind=Kind.SERVER, resource=PAYMENTS)
    assert critical(ROOT, client, server) == [
        ("root", 0, 10),
        ("client", 10, 20),
        ("server", 20, 90),
        ("root", 90, 100),
    ]


def test_a_thread_that_outlives_its_parent_held_nobody_up():
    thread = span("flush", parent=ROOT, at=(90, 200))
    assert critical(ROOT, span("work", parent=ROOT, at=(10, 95)), thread) == [
        ("root", 0, 10),
        ("work", 10, 95),
        ("root", 95, 100),
    ]


def test_an_overlap_that_comes_from_rounding_does_not_hide_a_call():
    """a is 50 long and runs half a millisecond over b's start: less than a hundredth."""
    a, b = span("a", parent=ROOT, at=(0, 50)), span("b", parent=ROOT, at=(49.5, 100))
    assert critical(ROOT, a, b) == [("a", 0, 49.5), ("b", 49.5, 100)]


def test_a_call_without_length_is_not_on_the_path():
    assert critical(ROOT, span("log", parent=ROOT, at=(50, 50))) == [("root", 0, 100)]


def test_a_root_without_length_has_no_path():
    assert critical(span("root", end_ns=0)) == []


def test_an_empty_trace_has_no_path():
    assert critical() == []


def test_only_the_earliest_root_has_a_path():
    assert critical(ROOT, span("other root", at=(5, 500))) == [("root", 0, 100)]


def test_a_root_with_a_link_to_another_trace_has_a_path_like_any_other():
    assert critical(span("root", at=(0, 100), links=(Link(trace_id="1" * 32, span_id="2" * 16),))) == [("root", 0, 100)]


def test_time_on_the_path_is_told_on_the_span_and_on_the_service():
    trace = assemble([ROOT, span("a", parent=ROOT, at=(10, 40), resource=PAYMENTS)])
    assert named(trace.spans)["a"].critical_ns == 30 * MS
    assert {totals.service: totals.critical_ns for totals in trace.services} == {
        "checkout": 70 * MS,
        "payments": 30 * MS,
    }


def test_a_message_does_not_hold_up_the_one_who_sent_it():
    send = span("send", parent=ROOT, at=(10, 20), kind=Kind.PRODUCER)
    process = span("process", parent=send, at=(15, 90), kind=Kind.CONSUMER, resource=FULFILMENT)
    assert critical(ROOT, send, process) == [("root", 0, 10), ("send", 10, 20), ("root", 20, 100)]


def test_the_completion_path_runs_over_the_queue_to_the_last_end_of_all():
    send = span("send", parent=ROOT, at=(10, 20), kind=Kind.PRODUCER)
    process = span("process", parent=send, at=(500, 600), kind=Kind.CONSUMER, resource=FULFILMENT)
    store = span("store", parent=process, at=(550, 600), resource=FULFILMENT)
    assert completion(ROOT, send, process, store) == [
        ("root", 0, 10),
        ("send", 10, 20),
        ("send...", 20, 500),
        ("process", 500, 550),
        ("store", 550, 600),
    ]


def test_the_completion_path_shows_the_call_that_delayed_the_message():
    lookup = span("lookup", parent=ROOT, at=(10, 70))
    send = span("send", parent=ROOT, at=(80, 90), kind=Kind.PRODUCER)
    process = span("process", parent=send, at=(200, 300), kind=Kind.CONSUMER, resource=FULFILMENT)
    assert completion(ROOT, lookup, send, process) == [
        ("root", 0, 10),
        ("lookup", 10, 70),
        ("root", 70, 80),
        ("send", 80, 90),
        ("send...", 90, 200),
        ("process", 200, 300),
    ]


def test_there_is_no_completion_path_when_nothing_outlives_the_root():
    assert completion(ROOT, span("a", parent=ROOT, at=(10, 40))) == []
