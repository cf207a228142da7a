"""Nothing that a caller can send is a failure of ours: any bytes, headers and questions, at every path and method.

With a store that works, 5xx never happens; and what was taken can be read in every form.
"""

import socket
from collections.abc import Iterator
from functools import partial
from json import loads
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.codecs import encodings
from chalicelib.codecs.otlp import json, protobuf
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.local.proxy import find_match
from chalicelib.local.server import serve
from chalicelib.model.errors import PayloadError
from chalicelib.routes import gateway
from tests.end_to_end.backend import ENCODERS, JSON, MEDIA_TYPES, PACKERS, PROTOBUF, Backend, trace_ids
from tests.engines import moto_tables
from tests.golden.record import captures
from tests.strategies import traces

patiently = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PLAIN_BODIES = {
    media: [
        encodings.decompress(c.body, c.content_encoding, 10**6, "otlp") for c in captures() if media in c.content_type
    ]
    for media in MEDIA_TYPES
}
PATHS = sorted({endpoint.path for endpoint in gateway.ENDPOINTS})
TRACE = "5b8efff798038103d269b633813fc60c"

LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
HEADER_VALUES = {
    "Accept": ["*/*", "application/json;q=0", "application/x-protobuf;q=nan", ",;,=", "text/html", ""],
    "Accept-Encoding": ["gzip", "gzip;q=x", "*;q=0", "br, gzip;q=1e400", "gzip;q=-1", ""],
    "Content-Type": [*MEDIA_TYPES, "application/json; charset=latin-1", "APPLICATION/JSON", "text/plain", ";", ""],
    "Content-Encoding": [*PACKERS, "x-gzip", "GZIP", "br", "gzip, gzip", "deflate,,gzip", ",,,,", ""],
    "Authorization": ["Bearer", "Bearer x", "Basic eA==", ""],
    "X-Api-Key": ["sfk_", ""],
    "Origin": ["null", "https://a.example", ""],
    "Content-Length": ["-1", "0", "x"],
    "Traceparent": ["00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x"],
    "Host": ["", "[", "a" * 300],
}
HEADERS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) | LATIN for name, values in HEADER_VALUES.items()}
)
QUERIES = st.lists(
    st.tuples(st.sampled_from(["cursor", "Cursor", "tenant", "limit"]) | LATIN, LATIN | st.text(max_size=60)),
    max_size=3,
).map(lambda pairs: "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in pairs))
TRACE_IDS = st.sampled_from(
    [TRACE, TRACE[16:], TRACE.upper(), "0" * 16, "0" * 32, "%00", "%", "%ff%fe", "..", "é", "\u0661" * 32]
) | st.text(max_size=40).map(lambda text: quote(text, safe=""))


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """`body` with up to four places changed, left out, doubled or put in."""
    spoilt = bytearray(body)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(spoilt) - 1)))
        width = draw(st.integers(0, 12))
        piece = draw(st.binary(max_size=4) | st.just(bytes(spoilt[at : at + width])))
        spoilt[at : at + draw(st.integers(0, width))] = piece
    return bytes(spoilt)


DEEP_JSON = b'{"resourceSpans":' + b"[" * 50_000
BODIES = (
    st.binary(max_size=200)
    | st.sampled_from([body for bodies in PLAIN_BODIES.values() for body in bodies]).flatmap(damaged)
    | st.sampled_from([b"", b"{}", b"[]", b"null", b'"x"', b"\xef\xbb\xbf{}", DEEP_JSON, b"\x0a" * 2_000, b"9" * 9_000])
    | st.tuples(st.sampled_from([*PACKERS]), st.binary(max_size=60)).map(lambda case: PACKERS[case[0]](case[1]))
    | st.sampled_from([*PACKERS]).flatmap(lambda name: damaged(PACKERS[name](PLAIN_BODIES[PROTOBUF][0])))
)


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    """One for the module: nearly all of this leaves nothing in its tables."""
    with moto_tables() as connection:
        yield Backend(connection, cors_origins=("https://a.example",))


@patiently(max_examples=400)
@given(
    method=st.sampled_from(gateway.METHODS),
    path=st.sampled_from(PATHS),
    trace_id=TRACE_IDS,
    query=QUERIES,
    headers=HEADERS,
    body=BODIES,
)
def test_no_request_at_all_gives_a_5xx(backend, method, path, trace_id, query, headers, body):
    target = path.replace("{trace_id}", trace_id) + "?" + query
    reply = backend.ask(method, target, headers, body)
    assert reply.status < 500, reply
    assert not 300 <= reply.status < 400  # exporters take a redirect for success
    if method != "OPTIONS" and reply.status != 403:  # 403 is the gateway's own answer: no such path
        resource = find_match(PATHS, target.partition("?")[0]).resource  # an empty id leaves /v1/traces/
        dialect = next(each.dialect for each in gateway.ENDPOINTS if each.path == resource)
        assert in_words(reply, dialect.name)
    account_closes(backend)


def in_words(reply, dialect: str) -> bool:
    """Whether an error has the shape that its dialect gives to errors."""
    if reply.status < 300:
        return True
    if dialect in {"jaeger", "jaeger v3"}:
        told = loads(reply.body)
        return told["errors"][0].keys() == {"code", "msg"} if dialect == "jaeger" else "httpCode" in told["error"]
    if dialect in {"tempo", "zipkin", "jaeger collector"}:
        return bool(reply.body) and reply.headers["content-type"] == "text/plain; charset=utf-8"
    if dialect != "otlp":
        return {"code", "message"} <= set(reply.json()["error"]) <= {"code", "message", "line", "column"}
    if reply.headers["content-type"] == PROTOBUF:
        return reply.body[:1] == b"\x08"
    return {"code", "message"} <= set(reply.json())


def account_closes(backend: Backend) -> None:
    counts = backend.telemetry.counts
    assert counts["spans_received"] == counts["spans_stored"] + counts["spans_rejected"] + counts["spans_refused"]
    assert not backend.telemetry.failures


@st.composite
def posts(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A body that was good once, in its type and packing."""
    media = draw(st.sampled_from(MEDIA_TYPES))
    body = draw(st.sampled_from(PLAIN_BODIES[media]) | traces().map(ENCODERS[media]))
    packing = draw(st.sampled_from([*PACKERS]))
    return media, packing, PACKERS[packing](draw(damaged(body)))


@patiently(max_examples=200)
@given(post=posts())
def test_a_damaged_post_is_taken_or_refused_and_what_was_taken_can_be_read_in_every_form(post):
    media, packing, body = post
    with moto_tables() as connection:
        backend = Backend(connection)
        reply = backend.ask("POST", "/v1/traces", {"Content-Type": media, "Content-Encoding": packing}, body)
        assert reply.status in {200, 400}
        account_closes(backend)
        for trace_id in valid_trace_ids(media, packing, body):
            backend.readings(trace_id)


def valid_trace_ids(media: str, packing: str, body: bytes) -> list[str]:
    """Traces of which some span is good in `body`."""
    try:
        plain = encodings.decompress(body, packing, 10**6, "otlp")
        message = (json if media == JSON else protobuf).decode(plain, 32).message
    except PayloadError:
        return []
    good = TracesData()
    for resource_spans in message.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            kept = [each for each in scope_spans.spans if len(each.span_id) == 8 and any(each.span_id)]
            good.resource_spans.add().scope_spans.add().spans.extend(kept)
    return [trace_id for trace_id in trace_ids(good) if len(trace_id) == 32 and trace_id.strip("0")]


@patiently(max_examples=30)
@given(sent=traces(max_spans=4), same_id=st.booleans(), budget_bytes=st.sampled_from([1_100, 1_500, 4_400_000]))
def test_whatever_spans_were_sent_every_question_about_them_has_an_answer(sent, same_id, budget_bytes):
    """Also those that are odd together: one id for all, loops, times at the ends of the range."""
    if same_id:
        for each in (s for r in sent.resource_spans for scope in r.scope_spans for s in scope.spans):
            each.span_id = b"\x01" * 8
            each.parent_span_id = b"\x01" * 8
    ids = trace_ids(sent)
    assume(ids)
    with moto_tables() as connection:
        backend = Backend(connection, max_answer_bytes=budget_bytes)
        assert backend.post(sent).status == 200
        for trace_id in (ids[0], ids[-1][16:]):
            for path in (f"/v1/traces/{trace_id}", f"/v1/traces/{trace_id}/assembly"):
                for accept in MEDIA_TYPES:
                    reply = backend.get(path, **{"Accept": accept, "Accept-Encoding": "gzip"})
                    assert reply.status in {200, 422}, reply
                    assert reply.status == 200 or budget_bytes < 4_000
        account_closes(backend)


@patiently(max_examples=60)
@given(garbage=st.binary(max_size=300) | st.sampled_from([b"POST /v1/traces HTTP/1.1\r\n\r\n"]).flatmap(damaged))
@example(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
@example(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(b"GET /v1/traces/\xff HTTP/1.1\r\nHost: a\r\n\r\n")
@example(b"GET http://other/healthz HTTP/1.1\r\nHost: a\r\n\r\n")
@example(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
def test_no_bytes_on_the_wire_give_a_5xx(address, garbage):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    statuses = [line.split()[1] for line in answer.splitlines() if line.startswith(b"HTTP/1.1 ")]
    assert not any(status.startswith(b"5") for status in statuses), answer


@pytest.fixture(scope="module")
def address(backend: Backend) -> Iterator[tuple[str, int]]:
    with serve(backend.app, log=lambda _line: None) as url:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        yield parts.hostname, parts.port
