"""What real clients sent, whole, cut short and damaged. Provenance: tests/golden/otlp/README.md."""

import json as stdlib_json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp import json, protobuf
from chalicelib.model.errors import PayloadError
from tests.golden.record import captures, decode, readable

CAPTURES = list(captures())
IDS = ("traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano")


def test_there_are_captures_of_every_client():
    assert len(CAPTURES) == 9


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_a_capture_decodes_to_the_recorded_spans(capture):
    decoded = decode(capture)
    assert readable(decoded) == capture.expected_file.read_bytes()
    assert decoded.rejections == ()
    assert decoded.repairs == ()


@pytest.mark.parametrize("capture", [c for c in CAPTURES if "json.identity" in c.name], ids=str)
def test_nothing_that_was_sent_in_json_is_missing(capture):
    """Told by the standard library: each value of the raw body is in ours, numbers and their strings alike."""
    assert leaves(stdlib_json.loads(capture.body)) <= leaves(stdlib_json.loads(readable(decode(capture))))


def leaves(tree, path=()):
    """Every value with the path to it, but for the zeros and empty lists that we leave out."""
    if isinstance(tree, dict):
        return {leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))}
    if isinstance(tree, list):
        return {leaf for number, value in enumerate(tree) for leaf in leaves(value, (*path, number))}
    return {(path, str(tree))} if tree else set()


@pytest.mark.parametrize("language", ["JavaScript", "Python"])
def test_the_same_program_sends_the_same_spans_in_every_encoding(language):
    same = [without_ids(decode(capture)) for capture in CAPTURES if language in capture.name]
    assert len(same) >= 4
    assert all(one == other for one, other in combinations(same, 2))


def without_ids(decoded):
    """The message without what differs between two runs of one program."""

    def scrub(tree):
        if isinstance(tree, list):
            return [scrub(element) for element in tree if not is_instance_id(element)]
        if isinstance(tree, dict):
            return {key: scrub(value) for key, value in tree.items() if key not in IDS}
        return tree

    return scrub(stdlib_json.loads(json.encode(decoded.message)))


def is_instance_id(element):
    return isinstance(element, dict) and element.get("key") == "service.instance.id"


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_a_capture_survives_both_encodings(capture):
    decoded = decode(capture)
    assert protobuf.decode(protobuf.encode(decoded.message), 32) == decoded
    assert json.decode(json.encode(decoded.message), 32) == decoded


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_a_capture_cut_short_is_a_payload_error_whichever_byte_is_missing(capture):
    empty_is_fine = "protobuf" in capture.content_type  # no bytes at all are a request without spans
    for size in range(1 if empty_is_fine else 0, len(capture.body)):
        with pytest.raises(PayloadError):
            decode(capture, capture.body[:size])


@given(st.sampled_from(CAPTURES), st.data())
def test_a_damaged_capture_is_read_or_refused_and_nothing_else(capture, data):
    plain = bytearray(encodings.decompress(capture.body, capture.content_encoding, 10**6, "otlp"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(plain) - 1))
        plain[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_or_refused(capture, bytes(plain))


@given(
    st.sampled_from(CAPTURES),
    st.binary() | st.binary(max_size=64).map(lambda tail: b"\x0a" + bytes([len(tail)]) + tail),
)
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(capture, body):
    read_or_refused(capture, body)


def read_or_refused(capture, body):
    """What is read must also be writable, and readable again in either encoding."""
    try:
        decoded = decode(capture, body)
    except PayloadError:
        return
    stored = protobuf.encode(decoded.message)
    again = protobuf.decode(stored, 32)
    assert protobuf.encode(again.message) == stored
    json.decode(json.encode(again.message), 32)
