import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation.context import TraceContext
from chalicelib.tracing.span import CLIENT, ERROR, OK, UNSET, Limits, Span
from tests.clocks import NOON_NS
from tests.tracing.lambda_world import PARENT, TRACE


class Sink:
    def __init__(self, limits):
        self.limits = limits
        self.ended_spans = []
        self.swallowed = []

    def began(self, span):
        pass

    def ended(self, span):
        self.ended_spans.append(span)

    def swallow(self, error, where):
        self.swallowed.append(where)


def a_span(**limits):
    sink = Sink(Limits(**limits))
    return Span("charge", trace_id=TRACE, span_id=PARENT, now_ns=lambda: NOON_NS, kind=CLIENT, flags=1, sink=sink)


class Unprintable:
    def __str__(self):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        ("text", "text"),
        (True, True),
        (1, 1),
        (1.0, 1.0),
        (b"\x00", b"\x00"),
        (1 << 63, str(1 << 63)),
        (["a", "b"], ["a", "b"]),
        ((1, None, 2), [1, 2]),
        ([], []),
        ({"a": 1}, "{'a': 1}"),
        (ValueError("x"), "x"),
    ],
)
def test_what_cannot_be_an_attributes_value_is_written_as_text(given_value, kept):
    span = a_span()
    span.set_attribute("key", given_value)
    assert span.attributes == {"key": kept}
    assert type(span.attributes["key"]) is type(kept)


@pytest.mark.parametrize(
    ("key", "value"), [("", 1), (None, 1), (7, 1), ("key", Unprintable()), ("key", [Unprintable()])]
)
def test_what_cannot_be_kept_at_all_is_counted(key, value):
    span = a_span()
    span.set_attribute(key, value)
    assert (span.attributes, span.dropped_attributes) == ({}, 1)


def test_none_is_no_value_and_no_loss():
    span = a_span()
    span.set_attributes({"a": None})
    assert (span.attributes, span.dropped_attributes) == ({}, 0)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.lists))
def test_no_value_raises(value):
    a_span().set_attribute("key", value)


def test_more_than_the_limits_is_counted_and_what_is_there_can_still_change():
    span = a_span(attributes=1, events=1, links=1)
    other = TraceContext(TRACE, "1" * 16)
    for number in range(3):
        span.set_attribute(f"key-{number}", number)
        span.add_event("tick")
        span.add_link(other)
    span.set_attribute("key-0", "changed")
    assert span.attributes == {"key-0": "changed"}
    assert (span.dropped_attributes, span.dropped_events, span.dropped_links) == (2, 2, 2)


def test_texts_are_cut_wherever_they_are():
    span = a_span(value_characters=3)
    span.set_attribute("text", "abcdef")
    span.set_attribute("list", ["abcdef"])
    span.add_event("abcdef", {"text": "abcdef"})
    span.set_status(ERROR, "abcdef")
    span.update_name("abcdef")
    assert span.attributes == {"text": "abc", "list": ["abc"]}
    assert (span.events[0].name, span.events[0].attributes) == ("abc", {"text": "abc"})
    assert (span.status_message, span.name) == ("abc", "abc")


def test_a_link_to_nothing_is_left_out():
    span = a_span()
    span.add_link(TraceContext(TRACE, ""))
    assert span.links == []


def test_nothing_changes_after_the_end():
    span = a_span()
    span.end(NOON_NS + 5)
    span.set_attribute("late", 1)
    span.add_event("late")
    span.add_link(TraceContext(TRACE, "1" * 16))
    span.set_status(ERROR)
    span.update_name("late")
    span.record_exception(ValueError("late"))
    span.end(NOON_NS + 9)
    assert (span.name, span.attributes, span.events, span.links) == ("charge", {}, [], [])
    assert (span.end_ns, span.status_code) == (NOON_NS + 5, UNSET)
    assert span.sink.ended_spans == [span]


def test_a_span_does_not_end_before_it_began():
    span = a_span()
    span.end(NOON_NS - 1)
    assert span.end_ns == NOON_NS


def test_ok_is_final_and_only_an_error_has_a_message():
    span = a_span()
    span.set_status(ERROR, "declined")
    assert (span.status_code, span.status_message) == (ERROR, "declined")
    span.set_status(UNSET)
    assert span.status_code == ERROR
    span.set_status(OK, "fine")
    span.set_status(ERROR, "too late")
    assert (span.status_code, span.status_message) == (OK, "")


def test_an_exception_is_an_event_with_the_end_of_its_stack_trace():
    span = a_span(value_characters=60)
    with pytest.raises(LookupError) as raised:
        raise LookupError("no such order")
    span.fail(raised.value)
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "LookupError"
    assert event.attributes["exception.message"] == "no such order"
    assert event.attributes["exception.stacktrace"].endswith("LookupError: no such order\n")
    assert (span.status_code, span.status_message) == (ERROR, "no such order")
    assert span.attributes == {"error.type": "LookupError"}


def test_an_exception_that_cannot_say_what_it_is_still_counts():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    span = a_span()
    span.fail(Silent())
    assert span.events[0].attributes["exception.message"] == ""
    assert span.attributes["error.type"].endswith("Silent")


def test_the_context_says_what_a_carrier_needs():
    span = a_span()
    span.trace_state = "a=1"
    assert span.context == TraceContext(TRACE, PARENT, sampled=True, trace_state="a=1")


def test_what_a_method_cannot_take_is_swallowed_and_counted():
    span = a_span()
    span.set_attributes(7)
    span.add_event(Unprintable())
    span.add_event("odd", 7)
    span.add_link("not a context")
    span.set_status(ERROR, Unprintable())
    span.update_name(Unprintable())
    span.end("noon")
    assert span.sink.swallowed == ["set_attributes", "add_event", "add_event", "add_link", "set_status", "update_name"]
    assert (span.name, span.end_ns) == ("charge", NOON_NS)
