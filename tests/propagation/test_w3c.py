"""The W3C's own questions are rows of ./trace_context_cases.py; what else there is to ask stands here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation import w3c
from chalicelib.propagation.context import TraceContext
from chalicelib.propagation.headers import Headers
from tests.propagation.strategies import contexts
from tests.propagation.trace_context_cases import CASES, PARENT, SPAN, TRACE

KEYS = st.from_regex(r"[a-z0-9][a-z0-9_\-*/@]{0,20}", fullmatch=True)
VALUES = st.from_regex(r"[!-+\--<>-~]{1,200}", fullmatch=True)
STATES = st.dictionaries(KEYS, VALUES, max_size=32).map(lambda pairs: ",".join(f"{k}={v}" for k, v in pairs.items()))


def sent(context):
    written = {}
    w3c.inject(context, written.__setitem__)
    return written


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.asks)
def test_the_suites_questions(case):
    context = w3c.extract(Headers(case.headers))
    assert (context is not None) == case.is_continued
    if context is not None:
        assert (context.trace_id, context.span_id, context.format) == (TRACE, SPAN, "tracecontext")
        assert context.trace_state == case.tracestate
        assert sent(context).get("tracestate", "") == case.tracestate


@pytest.mark.parametrize(
    ("flags", "sampled", "random", "passed_on"),
    [("00", False, False, "00"), ("01", True, False, "01"), ("02", False, True, "02"), ("03", True, True, "03"),
     ("fc", False, False, "00"), ("ff", True, True, "03")],
)  # fmt: skip
def test_flags_that_level_2_names_are_passed_on_and_the_others_are_not(flags, sampled, random, passed_on):
    context = w3c.parse_traceparent(f"00-{TRACE}-{SPAN}-{flags}")
    assert (context.sampled, context.random) == (sampled, random)
    assert w3c.format_traceparent(context) == f"00-{TRACE}-{SPAN}-{passed_on}"


@pytest.mark.parametrize("version", ["00", "01", "cc", "fe"])
def test_version_00_is_sent_whatever_came(version):
    assert w3c.format_traceparent(w3c.parse_traceparent(f"{version}-{TRACE}-{SPAN}-01")) == PARENT


@pytest.mark.parametrize(
    "joined", [f"{PARENT},{PARENT}", f"{PARENT}, 00-{TRACE}-{SPAN}-00", f"cc{PARENT[2:]}-x,{PARENT}"]
)
def test_two_traceparents_that_a_gateway_joined_by_a_comma_are_none(joined):
    """HTTP APIs and function URLs hand them over so."""
    assert w3c.extract(Headers([("traceparent", joined)])) is None


@pytest.mark.parametrize(
    "text", [PARENT + "\n", "\r" + PARENT, "\xa0" + PARENT, PARENT.replace("5", "\u0665"), "", "-" * 55]
)
def test_what_merely_resembles_a_traceparent_is_none(text):
    assert w3c.parse_traceparent(text) is None


def test_half_a_span_is_not_sent():
    assert sent(TraceContext(TRACE, "", sampled=True, trace_state="v=1")) == {}
    assert sent(TraceContext("", "", sampled=False)) == {}
    assert w3c.format_traceparent(TraceContext(TRACE, "")) == ""


def test_an_undecided_span_is_sent_as_not_sampled():
    assert sent(TraceContext(TRACE, SPAN)) == {"traceparent": f"00-{TRACE}-{SPAN}-00"}


@given(contexts(), STATES)
def test_what_is_written_is_read_again(context, trace_state):
    context = TraceContext(
        context.trace_id, context.span_id, sampled=bool(context.sampled), random=context.random,
        trace_state=w3c.truncated(trace_state, w3c.MAX_SENT_CHARACTERS), format="tracecontext",
    )  # fmt: skip
    assert w3c.extract(Headers(sent(context).items())) == context


class TestChangingATracestate:
    def test_a_changed_member_moves_to_the_front(self):
        assert w3c.with_member("a=1,b=2,c=3", "b", "4") == "b=4,a=1,c=3"

    def test_the_last_member_makes_room_for_a_new_one(self):
        full = ",".join(f"k{number}=1" for number in range(32))
        assert w3c.with_member(full, "ours", "1") == "ours=1," + full.rpartition(",")[0]

    @pytest.mark.parametrize(("key", "value"), [("A", "1"), ("a", ""), ("a", "1 "), ("a", "1,b=2"), ("", "1")])
    def test_a_member_that_breaks_the_grammar_changes_nothing(self, key, value):
        assert w3c.with_member("b=2", key, value) == "b=2"

    @given(STATES, KEYS, VALUES)
    def test_what_was_valid_stays_valid(self, trace_state, key, value):
        changed = w3c.with_member(trace_state, key, value)
        assert w3c.parse_tracestate([changed]) == changed
        assert changed.startswith(f"{key}={value}")


class TestTruncation:
    LARGE = "large=" + "x" * 130

    def test_what_fits_is_left_alone(self):
        assert w3c.truncated("a=1," + self.LARGE, 200) == "a=1," + self.LARGE

    def test_large_members_go_first(self):
        assert w3c.truncated(f"a=1,{self.LARGE},b=2", 100) == "a=1,b=2"

    def test_then_members_go_from_the_right_and_no_more_of_them_than_must(self):
        assert w3c.truncated(f"a=1,{self.LARGE},b=2,c=3", 8) == "a=1,b=2"

    def test_the_right_one_of_two_large_members_goes_first(self):
        assert w3c.truncated(f"{self.LARGE},a=1,{self.LARGE.replace('l', 'k')}", 150) == f"{self.LARGE},a=1"

    @given(STATES, st.integers(0, 600))
    def test_whole_members_in_their_order_are_left_and_nothing_else(self, trace_state, limit):
        left = w3c.truncated(trace_state, limit)
        assert len(left) <= limit or not left
        members = iter(trace_state.split(","))
        assert all(member in members for member in left.split(",") if left)

    def test_five_hundred_and_twelve_characters_are_always_passed_on(self):
        state = "v=" + "x" * 250 + ",w=" + "y" * 250
        assert sent(TraceContext(TRACE, SPAN, trace_state=state))["tracestate"] == state

    def test_more_than_servers_can_take_is_not_sent(self):
        state = ",".join(f"k{number}={'x' * 120}" for number in range(32))
        kept = sent(TraceContext(TRACE, SPAN, trace_state=state))["tracestate"]
        assert state.startswith(kept)
        assert w3c.MAX_SENT_CHARACTERS - 130 < len(kept) <= w3c.MAX_SENT_CHARACTERS
