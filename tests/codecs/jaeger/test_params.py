"""Parameters as Go reads them."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.jaeger import params
from chalicelib.model.errors import QueryError

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "length_ns"),
    [
        ("1.2s", 1_200_000_000), ("100ms", 100_000_000), ("500us", 500_000), ("500µs", 500_000), ("1ns", 1),
        ("2h45m", 9_900 * S), ("1h1m1s1ms", 3_661_001_000_000), (".5s", S // 2), ("1.s", S), ("0", 0), ("0s", 0),
        ("+1s", S), ("-0s", 0), ("0.1ns", 0),
    ],
)  # fmt: skip
def test_a_duration_is_read_as_go_reads_it(text, length_ns):
    assert params.duration_ns(text) == length_ns


@pytest.mark.parametrize(
    "text", ["", "1", "1.5", "1d", "s", "1 s", "-1s", "1s ", "1e3s", "٣s", "9" * 20 + "h", "1s" * 200]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="invalid duration"):
        params.duration_ns(text)


@given(length_ns=st.integers(0, (1 << 63) - 1))
def test_a_duration_that_is_written_is_read(length_ns):
    assert params.duration_ns(params.duration_text(length_ns)) == length_ns


@pytest.mark.parametrize(
    ("length_ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (-80_000_000, "-80ms"),
        (S, "1s"),
        (90 * S, "1m30s"),
        (3_600 * S, "1h0m0s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(length_ns, text):
    assert params.duration_text(length_ns) == text


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("1970-01-01T00:00:01Z", S), ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1970-01-01T01:00:00+01:00", 0), ("1970-01-01T01:00:00 01:00", 0),
        ("2026-06-21T12:00:00.5Z", 1_782_043_200_500_000_000),
        ("1969-12-31T23:59:59Z", 0),
    ],
)  # fmt: skip
def test_a_moment_is_read_to_the_nanosecond(text, at_ns):
    assert params.moment_ns(text) == at_ns


@pytest.mark.parametrize("text", ["", "now", "1782043200", "2026-06-21", "2026-13-21T12:00:00Z", "2026-06-21T12:00:00"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match="parsing time"):
        params.moment_ns(text)


def test_a_moment_is_written_in_rfc_3339():
    assert params.moment_text(1_782_043_200_500) == "2026-06-21T12:00:00.5Z"
    assert params.moment_text(1_782_043_200_000) == "2026-06-21T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", "1".zfill(32)), ("ABC", "abc".zfill(32)), ("f" * 32, "f" * 32), ("0" * 16 + "1" * 16, "1" * 16),
        (base64.b64encode(bytes(range(16))).decode(), bytes(range(16)).hex()),
        (base64.urlsafe_b64encode(b"\xfb" * 16).decode().rstrip("="), "fb" * 16),
    ],
)  # fmt: skip
def test_a_trace_id_is_hex_of_any_length_or_base64(text, found):
    assert params.trace_id(text) == found.zfill(32)


@pytest.mark.parametrize("text", ["", "xyz", "f" * 33, "no/such+id!", "é" * 4])
def test_what_is_no_trace_id_is_refused(text):
    with pytest.raises(ValueError, match="is not a trace id"):
        params.trace_id(text)


def test_tags_are_pairs_and_documents_of_which_the_later_wins():
    found = params.tags(["a:1", "url:http://x:80"], ['{"a":"2","b":""}'])
    assert found == {"a": "2", "url": "http://x:80", "b": ""}


@pytest.mark.parametrize(
    ("pairs", "documents"),
    [(["nocolon"], []), ([], ["{"]), ([], ['{"a":1}']), ([], ["[]"]), ([f"{n}:" for n in range(101)], [])],
)
def test_tags_that_are_none_are_refused(pairs, documents):
    with pytest.raises(QueryError):
        params.tags(pairs, documents)


READERS = (
    params.duration_ns, params.moment_ns, params.truth, params.whole_number, params.number, params.trace_id,
)  # fmt: skip


@pytest.mark.parametrize("read", READERS)
@given(text=st.text(max_size=12))
def test_any_text_is_read_or_refused(read, text):
    with suppress(ValueError):
        read(text)
