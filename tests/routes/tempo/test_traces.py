import base64
import dataclasses
import gzip

import pytest

from chalicelib.codecs.otlp.messages import TracesData
from tests.routes.posts import PROTOBUF, TRACE_ID, protobuf_post

V1, V2 = f"/tempo/api/traces/{TRACE_ID}", f"/tempo/api/v2/traces/{TRACE_ID}"
GRAFANA = {"Accept": "application/protobuf", "User-Agent": "Grafana/13.1"}
NOBODY = "f" * 31 + "e"


@pytest.fixture
def kept(client):
    """A client of a server that has one trace of two spans."""
    assert client.post("/v1/traces", protobuf_post(span_count=2), PROTOBUF).status == 200
    return client


def names(message: TracesData) -> list[str]:
    return [span.name for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans]


def test_grafana_reads_a_trace_from_version_2_in_protobuf(kept):
    reply = kept.get(V2 + "?start=1767265200&end=1767272400", GRAFANA)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/protobuf")
    assert reply.body[0] == 0x0A  # TraceByIDResponse.trace, and nothing else
    assert names(TracesData.FromString(unframed(reply.body))) == ["work", "work"]


def unframed(body: bytes) -> bytes:
    """The first field of a message, when its length takes two bytes at most."""
    length, start = body[1], 2
    if length > 0x7F:
        length, start = (length & 0x7F) | body[2] << 7, 3
    return body[start : start + length]


def test_no_trace_is_an_empty_one_in_version_2_because_grafana_looks_inside(client):
    reply = client.get(f"/tempo/api/v2/traces/{NOBODY}", GRAFANA)
    assert (reply.status, reply.body) == (200, b"\x0a\x00")


def test_no_trace_is_404_in_version_1(client):
    reply = client.get(f"/tempo/api/traces/{NOBODY}", GRAFANA)
    assert (reply.status, reply.headers["content-type"]) == (404, "text/plain; charset=utf-8")


def test_version_1_in_protobuf_is_otlps_own_message(kept):
    assert names(TracesData.FromString(kept.get(V1, GRAFANA).body)) == ["work", "work"]


def test_json_is_protobufs_mapping_with_batches_in_version_1_and_a_trace_in_version_2(kept):
    first = kept.get(V1).json()["batches"][0]["scopeSpans"][0]["spans"][0]
    second = kept.get(V2).json()["trace"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert first == second
    assert first["traceId"] == base64.b64encode(bytes.fromhex(TRACE_ID)).decode()


def test_an_id_may_come_without_its_leading_zeros(client):
    assert client.post("/v1/traces", protobuf_post(trace_id="0" * 20 + "abc123abc123"), PROTOBUF).status == 200
    assert client.get("/tempo/api/traces/ABC123ABC123", GRAFANA).status == 200


@pytest.mark.parametrize("path", ["/tempo/api/traces/", "/tempo/api/v2/traces/"])
@pytest.mark.parametrize("trace_id", ["not-hex", "f" * 33, "0"])
def test_what_cannot_be_an_id_is_400_in_words(client, path, trace_id):
    reply = client.get(path + trace_id)
    assert (reply.status, reply.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert "trace id" in reply.body.decode()


@pytest.mark.parametrize("query", ["start=20&end=10", "start=10&end=10", "start=x"])
def test_a_range_that_is_none_is_400(kept, query):
    assert kept.get(f"{V2}?{query}").status == 400


def test_a_large_answer_is_packed_for_who_takes_it(client):
    assert client.post("/v1/traces", protobuf_post(span_count=200), PROTOBUF).status == 200
    reply = client.get(V1, {**GRAFANA, "Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert len(names(TracesData.FromString(gzip.decompress(reply.body)))) == 200


class TestATraceBeyondOneAnswer:
    @pytest.fixture
    def large(self, client_of, services):
        settings = dataclasses.replace(services.settings, max_answer_bytes=10_000)
        client = client_of(dataclasses.replace(services, settings=settings))
        assert client.post("/v1/traces", protobuf_post(span_count=500), PROTOBUF).status == 200
        return client

    def test_comes_in_part_from_version_2_which_says_so(self, large):
        answer = large.get(V2).json()
        assert answer["status"] == "PARTIAL"
        assert "larger than one answer" in answer["message"]
        assert answer["trace"]["resourceSpans"]

    def test_is_422_from_version_1(self, large):
        assert large.get(V1).status == 422


class TestAPartOfATrace:
    """A request, three steps in a chain below it, and a second request that failed."""

    @pytest.fixture
    def chain(self, client):
        message = TracesData()
        spans = message.resource_spans.add().scope_spans.add().spans
        for number in range(1, 6):
            parent = (number - 1).to_bytes(8, "big") if 1 < number < 5 else b""
            spans.add(
                trace_id=bytes.fromhex(TRACE_ID),
                span_id=number.to_bytes(8, "big"),
                parent_span_id=parent,
                name=f"s{number}",
            )
        assert client.post("/v1/traces", message.SerializeToString(), PROTOBUF).status == 200
        return client

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("", {"s3"}),
            ("&keep_hierarchy=true", {"s1", "s2", "s3"}),
            ("&keep_hierarchy=true&ancestor_depth=1", {"s2", "s3"}),
            ("&match_depth=1", {"s3", "s4"}),
            ("&ancestor_depth=1", {"s3"}),
        ],
    )
    def test_is_what_matches_and_as_much_around_it_as_is_asked(self, chain, asked, expected):
        reply = chain.get(f"{V2}?q=%7Bname%3D%22s3%22%7D{asked}", GRAFANA)
        assert set(names(TracesData.FromString(unframed(reply.body)))) == expected

    def test_is_an_empty_trace_where_nothing_matches(self, chain):
        assert chain.get(f"{V2}?q=%7Bname%3D%22x%22%7D", GRAFANA).body == b"\x0a\x00"

    def test_of_no_trace_is_an_empty_one(self, client):
        assert client.get(f"/tempo/api/v2/traces/{NOBODY}?q=%7B%7D", GRAFANA).body == b"\x0a\x00"

    def test_a_query_that_is_none_is_400(self, chain):
        assert chain.get(f"{V2}?q=%7B", GRAFANA).status == 400
