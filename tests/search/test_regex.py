"""RE2's language, the whole value, and no pattern that takes its time."""

import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.model.errors import QueryError
from chalicelib.search import regex

TEXTS = st.text("ab.|*\n\\é", max_size=6)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("checkout", ["checkout"], ["checkout2", "a checkout", "", "Checkout"]),
        ("checkout|cart", ["checkout", "cart"], ["checkoutcart", "checkoucart"]),
        ("", [""], ["a"]),
        ("a|", ["a", ""], ["b"]),
        (".*", ["", "anything", "two\nlines"], []),
        (".+", ["anything", "\n"], [""]),
        ("GET .*", ["GET ", "GET /cart"], ["GET", "POST GET "]),
        (".*cart", ["cart", "/cart"], ["cart/"]),
        (".*cart.*", ["cart", "/cart/1", "a\ncart"], ["CART"]),
        (r".*\.com", [".com", "a.com"], ["acom"]),
        (r"10\.0\.0\.1|10\.0\.0\.2", ["10.0.0.1", "10.0.0.2"], ["10x0.0.1"]),
        ("(?i)get", ["GET", "get"], ["gets"]),
        ("5..", ["500", "5\n3"], ["50", "5000"]),
        (r"\d{3}", ["123"], ["12", "١٢٣"]),
        (r"\pL+", ["été"], ["5"]),
        ("[[:alpha:]]+", ["abc"], ["a1"]),
        ("^a$", ["a"], ["a\n"]),
        ("a|b.*", ["a", "b", "bc"], ["ac"]),
        ("é.", ["éx"], ["é"]),
    ],
)
def test_a_pattern_matches_whole_values(pattern, matching, others):
    matches = regex.compile(pattern)
    assert [value for value in matching if not matches(value)] == []
    assert [value for value in others if matches(value)] == []


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(a", "missing ): (a"),
        ("a{2,1}", "invalid repetition size: {2,1}"),
        ("a{1001}", "invalid repetition size: {1001}"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("(?=a)", "invalid perl operator: (?="),
        ("[b-a]", "invalid character class range: b-a"),
        ("a\\", "trailing \\"),
        (r"(?:\pL{1,30}){30}", "pattern too large - compile failed"),
    ],
)
def test_what_re2_does_not_have_is_refused_in_its_words(pattern, said):
    with pytest.raises(QueryError, match=re.escape(f"{pattern!r} is not a regular expression: {said}")):
        regex.compile(pattern)
    assert regex.find_problem(pattern) == f"{pattern!r} is not a regular expression: {said}"


def test_a_pattern_has_a_bounded_length():
    assert regex.find_problem("a" * regex.MAX_PATTERN_CHARS) is None
    assert regex.find_problem("a" * (regex.MAX_PATTERN_CHARS + 1)) == (
        "a regular expression of 4097 characters; 4096 are allowed"
    )


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(a?){50}a{50}b", "(.*)(.*)(.*)(.*)(.*)b", ".*a.{200}b", "(a*)*b|(a*)*c"],
)
def test_a_hostile_pattern_takes_no_longer_than_the_value_is_long(pattern):
    matches = regex.compile(pattern)
    began = time.process_time()
    assert not matches("a" * 1_000_000)
    assert time.process_time() - began < 20  # one that tries every way would not come back


@given(st.lists(TEXTS, min_size=1, max_size=3), TEXTS)
def test_texts_with_bars_between_are_those_texts(texts, value):
    pattern = "|".join(map(re.escape, texts))
    assert regex.alternatives(pattern) == frozenset(texts)
    assert regex.compile(pattern)(value) == (value in texts)


@given(st.sampled_from(["", ".*"]), TEXTS, st.sampled_from(["", ".*"]), TEXTS)
def test_what_needs_no_engine_matches_as_the_engine_would(before, text, after, value):
    pattern = before + re.escape(text) + after
    assert regex.compile(pattern)(value) == (re.fullmatch(pattern, value, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ["a.b", "a*", "[ab]", "(a)", "a{2}", "^a", "a$", r"\d", r"\pL", "a\\", "(?i)a"])
def test_what_is_more_than_texts_lists_none(pattern):
    assert regex.alternatives(pattern) is None


def test_a_value_that_is_no_unicode_is_matched_all_the_same():
    assert regex.compile("a.+")("a\ud800")


def test_the_engine_is_loaded_for_the_first_pattern_that_needs_it():
    code = (
        "import sys; from chalicelib.search import plan, regex; regex.compile('a|b')('a'); regex.compile('a.*')('a');"
        "assert 're2' not in sys.modules; regex.compile('a.b')('axb'); assert 're2' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  # our own words
