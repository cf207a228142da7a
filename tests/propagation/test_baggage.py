"""The questions of the W3C's tests for baggage (w3c/baggage, test/test_baggage.py, June 2025), and a few of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.propagation import baggage
from chalicelib.propagation.headers import Headers

NAMES = st.from_regex(r"[a-zA-Z0-9!#$%&'*+\-.^_`|~]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("user=alice", (("user", "alice"),)),
        ("user=alice,tier=gold", (("user", "alice"), ("tier", "gold"))),
        ("user \t = \t alice \t , \t tier \t = \t gold \t ", (("user", "alice"), ("tier", "gold"))),
        ("user=a=b==", (("user", "a=b=="),)),
        ("user=", (("user", ""),)),
        ("user=%09%20%22%27%3B%3Dx%21%40%23%24%25%5E%26%2A%28%29", (("user", "\t \"';=x!@#$%^&*()"),)),
        ("user=%E4%B8%AD", (("user", "中"),)),
        ("user=%ff%E4%B8x", (("user", "\ufffd\ufffdx"),)),
        ("user=100%,rate=%zz", (("user", "100%"), ("rate", "%zz"))),
        ("user=a+b", (("user", "a+b"),)),
        ("user=1,user=2", (("user", "1"), ("user", "2"))),
        ("us%65r=1", (("us%65r", "1"),)),
    ],
)
def test_members_are_read_in_order_and_decoded(header, members):
    assert baggage.parse([header]) == members


@pytest.mark.parametrize(
    "bad", ["", " ", "alice", "=alice", "us er=1", "us(r=1", "user=al ice", 'user="x"', "user=ü", "ü=1", ";p=1"]
)
def test_a_member_that_breaks_the_grammar_is_left_out_and_the_others_stay(bad):
    assert baggage.parse([f"a=1,{bad},b=2"]) == (("a", "1"), ("b", "2"))


def test_several_header_lines_are_one_list():
    headers = Headers([("Baggage", "a=1,b=2"), ("baggage", "c=3"), ("BAGGAGE", "")])
    assert baggage.extract_baggage(headers) == (("a", "1"), ("b", "2"), ("c", "3"))
    assert baggage.extract(headers) is None


@pytest.mark.parametrize(
    ("header", "again"),
    [
        ("a=1;flag", "a=1;flag"),
        ("a=1 ; flag \t;\t k = v%20w , b=2", "a=1;flag;k=v%20w,b=2"),
        ("a=1;;bad prop;k=v", "a=1;k=v"),
        ("a=1;k=v=w", "a=1;k=v=w"),
    ],
)
def test_properties_stay_with_their_member(header, again):
    members = baggage.parse([header])
    assert members[0] == ("a", "1")
    assert baggage.format(members) == again


def test_sixty_four_members_are_passed_on():
    members = [(f"key{number}", "value") for number in range(64)]
    assert baggage.parse([baggage.format(members)]) == tuple(members)


def test_8192_bytes_are_passed_on_whether_in_one_member_or_in_many():
    for members in (
        [("a", "0123456789" * 819)],
        [(f"{number:03}", "x" * 59) for number in range(127)] + [("z", "x" * 62)],
    ):
        text = baggage.format(members)
        assert len(text) == 8192
        assert baggage.parse([text]) == tuple(members)


def test_no_more_members_than_opentelemetry_takes_are_sent_or_read():
    assert len(baggage.parse([baggage.format([("a", "1")] * 500)])) == baggage.MAX_MEMBERS
    assert len(baggage.parse(["a=1," * 500])) == baggage.MAX_MEMBERS
    assert baggage.parse([" ,," * 500 + "a=1"]) == (("a", "1"),)


def test_a_member_that_does_not_fit_is_left_out_whole_and_a_smaller_one_behind_it_is_not():
    assert baggage.format([("a", "1"), ("b", "x" * 8190), ("c", "3")]) == "a=1,c=3"


def test_a_member_that_is_cut_by_the_limit_is_not_read():
    assert baggage.parse(["a=1,b=" + "x" * 9000]) == (("a", "1"),)
    assert baggage.parse(["a=1,b=" + "x" * 8186, "c=3"]) == (("a", "1"), ("b", "x" * 8186))


def test_names_that_are_no_tokens_are_not_sent():
    assert baggage.format([("user id", "1"), ("", "2"), ("ü", "3"), ("ok", "4")]) == "ok=4"


def test_nothing_is_written_for_no_members():
    written = {}
    baggage.inject_baggage([], written.__setitem__)
    assert written == {}


def test_half_a_surrogate_does_not_stop_the_others():
    assert baggage.format([("a", "\ud800"), ("b", "2")]) == "a=%3F,b=2"


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_what_is_written_is_read_again(members):
    text = baggage.format(members)
    assert text.isascii()
    assert text.isprintable()
    assert baggage.parse([text]) == tuple(members)
