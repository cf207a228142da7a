import base64
import contextlib
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.codecs.function_lines.line import Spans, Start
from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.errors import PayloadError, PayloadTooLarge

CAPTURES = sorted((Path(__file__).parents[2] / "golden" / "otlp").glob("*.body"))
ROW = ["00000000000000aa", "", "GET /orders", 2, 1000, 500, 0, "", {"k": "v"}, [], [], 257]
LINE = {
    "__spanfold": 1,
    "kind": "spans",
    "batch": "00c0ffee00c0ffee",
    "part": [1, 1],
    "request": "8f5e0c1e",
    "trace": "0af7651916cd43dd8448eb211c80319c",
    "last": True,
    "resource": {"service.name": "orders"},
    "spans": [ROW],
}
ABSENT = object()


def line(**members):
    """A line with these members different; ABSENT leaves one out."""
    return json.dumps({name: value for name, value in (LINE | members).items() if value is not ABSENT})


def row(**fields):
    """ROW with these places different: row(_3="x")."""
    changed = [*ROW, "", [0, 0, 0], "spanfold", LINE["trace"]]
    for place, value in fields.items():
        changed[int(place[1:])] = value
    return changed


def packed(rows):
    return base64.b64encode(zlib.compress(json.dumps(rows).encode())).decode()


def spans_of(text):
    found = read(text)
    assert isinstance(found, Spans)
    return to_spans(found.decoded.message)


def test_a_line_is_its_spans_and_what_is_said_around_them():
    found = read(line(part=[2, 3], last=False))
    assert (found.request_id, found.is_last, found.part, found.batch) == ("8f5e0c1e", False, (2, 3), LINE["batch"])
    [span] = to_spans(found.decoded.message)
    assert (span.trace_id, span.span_id, span.parent_id) == (LINE["trace"], ROW[0], None)
    assert (span.name, span.kind, span.start_ns, span.end_ns) == ("GET /orders", 2, 1000, 1500)
    assert (span.attributes, span.resource.attributes) == ({"k": "v"}, {"service.name": "orders"})
    assert (span.scope.name, span.flags) == ("spanfold", 0x101)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 8f5e0c1e Version: $LATEST",
        '{"level":"INFO","message":"order placed"}',
        '{"message":"why \\"__spanfold\\" lines?"}',
        '{"nested":["__spanfold"]}',
        'somebody wrote "__spanfold" here',
        b"\xff\xfe not even text",
        "[1,2]",
    ],
)
def test_the_functions_own_lines_are_none_of_ours(text):
    assert read(text) is None


@pytest.mark.parametrize("before", ["waiting …", '{"half":', "{", line()[:90]])
def test_what_was_printed_before_on_the_same_line_is_skipped(before):
    assert [span.name for span in spans_of(f"{before}{line()}\n")] == ["GET /orders"]


def test_text_and_bytes_with_blanks_around_read_the_same():
    assert spans_of(f" {line()}\r\n") == spans_of(line().encode()) == spans_of(line(zlib=packed([ROW]), spans=ABSENT))


def test_members_that_are_not_known_and_any_order_of_them_do_not_matter():
    text = json.dumps(dict(reversed((LINE | {"level": "ERROR", "timestamp": "2026-01-01"}).items())))
    assert spans_of(text) == spans_of(line())


def test_half_a_surrogate_pair_in_the_text_is_mended_and_noted():
    found = read(line(zlib=packed([row(_2="a\ud800")]), spans=ABSENT))
    assert [span.name for span in to_spans(found.decoded.message)] == ["a\ufffd"]
    assert found.decoded.repairs == ("unpaired surrogates replaced by U+FFFD: 1",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line()[:-20], "not JSON"),
        (line()[:-1] + ",}", "not JSON"),
        (line() + "x", "not JSON"),
        (line(__spanfold=2), "__spanfold: version 2 is not 1"),
        (line(__spanfold="1"), "__spanfold: version '1' is not 1"),
        (line(__spanfold=True), "__spanfold: version True is not 1"),
        (line(kind="metrics"), "kind: 'metrics' is neither spans nor start"),
        (line(kind=ABSENT), "kind: None is neither"),
        (line(trace="0AF7651916CD43DD8448EB211C80319C"), "trace: '0AF7.* is not 32 lower hex digits"),
        (line(trace="0af7"), "trace: '0af7' is not 32 lower hex digits"),
        (line(batch=ABSENT), "batch: None is not 16 lower hex digits"),
        (line(part=[2, 1]), r"part: \[2, 1\] is no part of a whole"),
        (line(part=[0, 1]), "part: 0 is not between 1 and"),
        (line(part=[1]), "part: .* is no part"),
        (line(part="1/1"), "part: '1/1' is not an array"),
        (line(request=7), "request: 7 is not a string"),
        (line(last=1), "last: 1 is not true or false"),
        (line(resource=[]), "resource: an array is not an object"),
        (line(resource={"k": {"bits": 1}}), "resource.k: an object that is none of float, bytes and map"),
        (line(spans={}), "spans: an object is not an array"),
        (line(spans=ABSENT), "there must be either spans or zlib"),
        (line(zlib=packed([ROW])), "there must be either spans or zlib"),
        (line(zlib="%%%", spans=ABSENT), "zlib: '%%%' is not base64"),
        (line(zlib=base64.b64encode(b"plain").decode(), spans=ABSENT), "zlib: .*incorrect header"),
        (line(zlib=packed([ROW])[:40], spans=ABSENT), "zlib: cut short"),
        (line(zlib=packed([ROW])[:-4] + "AAAA" * 2, spans=ABSENT), "zlib: "),
        (line(zlib=packed({"no": "array"}), spans=ABSENT), "an object is not an array"),
        (line(kind="start", spans=[]), "a start of 0 spans"),
        (line(kind="start", spans=[ROW, ROW]), "a start of 2 spans"),
        (line(kind="start", spans=[row(_0="x")]), "span_id: 'x' is not 16 lower hex digits"),
    ],
)
def test_a_line_of_ours_that_breaks_the_rules_is_an_error_that_says_which(text, reason):
    with pytest.raises(PayloadError, match=reason):
        read(text)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("no array", "spans[1]: 'no array' is not an array"),
        (ROW[:11], "spans[1]: 11 elements, where 16 are known"),
        ([*row(), 1], "spans[1]: 17 elements, where 16 are known"),
        (row(_0=""), "spans[1].span_id: '' is not 16 lower hex digits"),
        (row(_1="0"), "spans[1].parent_id: '0' is not 16 lower hex digits"),
        (row(_2=None), "spans[1].name: None is not a string"),
        (row(_3="SERVER"), "spans[1].kind: 'SERVER' is not a whole number"),
        (row(_3=True), "spans[1].kind: True is not a whole number"),
        (row(_4=-1), "spans[1].start_ns: -1 is not between 0 and 18446744073709551615"),
        (row(_4=1.0), "spans[1].start_ns: 1.0 is not a whole number"),
        (row(_5=-2000), "spans[1]: -1000 is not between 0 and 18446744073709551615"),
        (row(_8={"k": {"float": "1.5"}}), "spans[1].attributes.k: '1.5' is not NaN, Infinity or -Infinity"),
        (row(_8={"k": {"bytes": "%"}}), "spans[1].attributes.k: '%' is not base64"),
        (row(_8={"k": 2**63}), f"spans[1].attributes.k: {2**63} is not between"),
        (row(_8={"k": {"map": []}}), "spans[1].attributes.k: an array is not an object"),
        (row(_8={"k": {}}), "spans[1].attributes.k: an object that is none of float, bytes and map"),
        (row(_9=[[1, "e"]]), "spans[1].events[0]: 2 elements, where 3 are known"),
        (row(_9=[[-1001, "e", {}]]), "spans[1]: -1 is not between 0 and"),
        (row(_10=[["", "x", "", {}, 0]]), "spans[1].links[0].span_id: 'x' is not 16 lower hex digits"),
        (row(_11=2**32), "spans[1].flags: 4294967296 is not between"),
        (row(_13=[1, 2]), "spans[1].dropped: 2 counts, where 3 are known"),
        (row(_15=""), "spans[1].trace_id: '' is not 32 lower hex digits"),
    ],
)
def test_a_span_that_breaks_the_rules_is_rejected_alone(bad, reason):
    found = read(line(spans=[ROW, bad, ROW]))
    assert [rejection.reason[: len(reason)] for rejection in found.decoded.rejections] == [reason]
    assert len(to_spans(found.decoded.message)) == 2


def test_a_value_nested_deeper_than_allowed_loses_its_span_alone():
    deep = "x"
    for _ in range(6):
        deep = [deep]
    found = read(line(spans=[row(_8={"deep": deep}), ROW]), max_depth=5)
    [rejection] = found.decoded.rejections
    assert rejection.reason == "spans[0].attributes.deep: a value nested too deep"
    assert len(to_spans(found.decoded.message)) == 1


@pytest.mark.parametrize("inside", ["[" * 100_000, '[{"map":' * 50_000])
def test_what_nests_without_end_is_an_error(inside):
    with pytest.raises(PayloadError, match="not JSON"):
        read(f'{{"__spanfold":1,"spans":{inside}')


def test_a_start_is_an_open_span():
    found = read(line(kind="start", last=False, spans=[row(_5=None)]))
    assert isinstance(found, Start)
    assert (found.span.name, found.span.end_ns, found.request_id) == ("GET /orders", 0, "8f5e0c1e")
    assert found.span.resource.attributes == {"service.name": "orders"}


@pytest.mark.parametrize("member", ["zlib", "payload"])
def test_a_bomb_costs_no_more_memory_than_an_honest_line_of_the_limits_size(member):
    bomb = zlib.compressobj(9, zlib.DEFLATED, 15 if member == "zlib" else 31)
    body = b"".join([bomb.compress(bytes(1_000_000)) for _ in range(50)]) + bomb.flush()
    text = base64.b64encode(body).decode()
    otlp = {"__otel_otlp_stdout": "x", "content-type": "application/x-protobuf", "payload": text, "base64": True}
    bad = line(zlib=text, spans=ABSENT) if member == "zlib" else json.dumps(otlp)
    tracemalloc.start()
    with pytest.raises(PayloadTooLarge):
        read(bad)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 16 * 1024 * 1024


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(member=st.sampled_from([*LINE, "zlib"]), value=JSON, place=st.integers(0, 15), in_row=st.booleans())
def test_whatever_stands_in_a_line_it_is_read_or_refused(member, value, place, in_row):
    members = {"spans": [row(**{f"_{place}": value})]} if in_row else {member: value}
    with contextlib.suppress(PayloadError):
        assert read(line(**members)) is not None


@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=60) | st.text(max_size=40))
@example('{"__spanfold":1}')
@example(b'{"__otel_otlp_stdout":1}')
def test_any_text_is_none_of_ours_or_refused(text):
    with contextlib.suppress(PayloadError):
        read(text)


def otlp_stdout(**members):
    """A line as the span exporters write it; ABSENT leaves a member out."""
    whole = {
        "__otel_otlp_stdout": "0.17.1",
        "source": "checkout",
        "endpoint": "http://localhost:4318/v1/traces",
        "method": "POST",
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
        "payload": "",
        "base64": True,
        "level": "INFO",
    }
    return json.dumps({name: value for name, value in (whole | members).items() if value is not ABSENT})


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_what_real_sdks_export_is_read_from_an_otlp_stdout_line(capture):
    _, media, encoding, _ = capture.name.rsplit(".", 3)
    text = otlp_stdout(
        **{
            "content-type": media.replace("_", "/", 1),
            "content-encoding": ABSENT if encoding == "identity" else encoding,
            "payload": base64.b64encode(capture.read_bytes()).decode(),
        }
    )
    expected = json.loads(capture.with_suffix(".spans.json").read_text())
    names = [
        span["name"]
        for resource_spans in expected["resourceSpans"]
        for scope_spans in resource_spans["scopeSpans"]
        for span in scope_spans["spans"]
    ]
    found = read(text)
    assert [span.name for span in to_spans(found.decoded.message)] == names
    assert (found.request_id, found.is_last, found.batch) == ("", False, "")


@pytest.mark.parametrize("as_text", [True, False])
def test_an_otlp_stdout_payload_can_be_the_json_itself(as_text):
    capture = next(path for path in CAPTURES if "Python" in path.name and "json.identity" in path.name)
    payload = json.loads(capture.read_bytes())
    members = {"content-type": "application/json", "content-encoding": ABSENT, "base64": False}
    found = read(otlp_stdout(**members, payload=json.dumps(payload) if as_text else payload))
    assert to_spans(found.decoded.message)


def test_an_empty_otlp_stdout_export_has_no_spans():
    assert spans_of(otlp_stdout(payload="H4sIAAAAAAAAAAMAAAAAAAAAAAA=")) == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"payload": "%"}, "payload: '%' is not base64"),
        ({"payload": ABSENT}, "payload: None is not a string"),
        ({"payload": 7, "base64": False}, "payload: 7 is neither text nor an object"),
        ({"payload": "aGVsbG8="}, "not an OTLP protobuf message"),
        ({"payload": "H4sIAAAA"}, "the body cannot be decompressed"),
        ({"content-type": "text/plain"}, "'text/plain' is not one of"),
        ({"content-type": ABSENT}, "None is not a string"),
        ({"content-encoding": "brotli"}, "unsupported Content-Encoding: brotli"),
        ({"content-encoding": 1}, "1 is not a string"),
        ({"content-type": "application/json", "payload": "e30", "base64": True}, "payload: 'e30' is not base64"),
    ],
)
def test_an_otlp_stdout_line_that_cannot_be_read_is_an_error_that_says_why(members, reason):
    with pytest.raises(PayloadError, match=reason):
        read(otlp_stdout(**members))
