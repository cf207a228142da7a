import dataclasses
import gzip
import json
import random
import re

import pytest

from chalicelib.codecs.otlp import protobuf
from chalicelib.model.errors import StoreError, StoreThrottled
from tests.recording import BrokenStore
from tests.routes.posts import PROTOBUF, TRACE_ID, protobuf_post

PATH = f"/v1/traces/{TRACE_ID}"


def span_names(message) -> list[str]:
    return [span.name for resource in message.resource_spans for scope in resource.scope_spans for span in scope.spans]


def names_in_json(body: bytes) -> list[str]:
    resources = json.loads(body).get("resourceSpans", [])
    return [span["name"] for resource in resources for scope in resource["scopeSpans"] for span in scope["spans"]]


@pytest.fixture
def kept(client):
    """A client of a server that has one trace."""
    assert client.post("/v1/traces", protobuf_post(span_count=2), PROTOBUF).status == 200
    return client


def test_a_trace_comes_back_as_otlp_json(kept):
    reply = kept.get(PATH)
    assert reply.status == 200
    assert names_in_json(reply.body) == ["work", "work"]
    assert "cursor" not in reply.json()


@pytest.mark.parametrize("accept", ["application/x-protobuf", "application/protobuf"])
def test_a_trace_comes_back_as_protobuf_when_that_is_liked_better(kept, accept):
    reply = kept.get(PATH, {"Accept": f"application/json;q=0.5, {accept}"})
    assert reply.headers["content-type"] == accept
    assert span_names(protobuf.decode(reply.body, 32).message) == ["work", "work"]


def test_the_id_may_be_in_upper_case_or_have_its_low_half_only(kept):
    assert kept.get(PATH.upper().replace("/V1/TRACES", "/v1/traces")).status == 200
    assert kept.get(f"/v1/traces/{TRACE_ID[16:]}").status == 200


def test_a_small_answer_is_not_packed(kept):
    assert "content-encoding" not in kept.get(PATH, {"Accept-Encoding": "gzip"}).headers


def test_a_large_answer_is_packed_for_whoever_takes_it(client):
    client.post("/v1/traces", protobuf_post(span_count=100), PROTOBUF)
    plain, packed = client.get(PATH), client.get(PATH, {"Accept-Encoding": "gzip, deflate"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/traces/" + "f" * 32, 404, "noSuchTrace"),
        ("/v1/traces/" + "f" * 32 + "/assembly", 404, "noSuchTrace"),
        ("/v1/traces/xyz", 400, "queryError"),
        ("/v1/traces/" + "0" * 32, 400, "queryError"),
        ("/v1/traces/%2e%2e%2fsecret", 400, "queryError"),
        (PATH + "?cursor=nonsense", 400, "queryError"),
        (PATH + "?cursor=1&cursor=2", 400, "queryError"),
    ],
)
def test_a_question_that_has_no_answer_says_so(kept, path, status, code):
    reply = kept.get(path)
    assert reply.status == status
    assert reply.json()["error"]["code"] == code
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StoreThrottled("busy", 3), 429, "storeThrottled"), (StoreError("away", 3), 503, "storeError")],
)
def test_a_store_in_trouble_is_said_in_our_own_form(client_of, services, error, status, code):
    reply = client_of(dataclasses.replace(services, blocks=BrokenStore(error))).get(PATH)
    assert (reply.status, reply.headers["retry-after"]) == (status, "3")
    assert reply.json() == {"error": {"code": code, "message": error.detail}}


def wordy_posts(count: int) -> dict[str, bytes]:
    """Posts of one trace whose names do not compress: a page is as large packed as it is plain."""
    chance = random.Random(7)
    names = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4_000)) for _ in range(count)]
    return {name: protobuf_post(name=name) for name in names}


@pytest.mark.parametrize("accept", ["application/json", "application/x-protobuf"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_pages_one_after_the_other_are_the_whole_trace(client_of, services, accept, encoding):
    limit_bytes = 20_000
    client = client_of(
        dataclasses.replace(services, settings=dataclasses.replace(services.settings, max_answer_bytes=limit_bytes))
    )
    posts = wordy_posts(20)
    for post in posts.values():
        client.post("/v1/traces", post, PROTOBUF)

    read: list[str] = []
    query, pages = "", 0
    while True:
        reply = client.get(PATH + query, {"Accept": accept, "Accept-Encoding": encoding})
        assert reply.status == 200
        assert len(reply.body) <= limit_bytes
        body = gzip.decompress(reply.body) if "content-encoding" in reply.headers else reply.body
        in_json = accept == "application/json"
        read += names_in_json(body) if in_json else span_names(protobuf.decode(body, 32).message)
        pages += 1
        if "link" not in reply.headers:
            break
        query = re.fullmatch(r'<(\?cursor=[^>]+)>; rel="next"', reply.headers["link"])[1]
        assert reply.headers["x-spanfold-cursor"]
        if in_json:
            assert json.loads(body)["cursor"] == reply.headers["x-spanfold-cursor"]
    assert pages > 1
    assert sorted(read) == sorted(posts)


def test_one_span_that_is_over_any_page_is_refused_in_clear_words(client_of, services):
    tiny = dataclasses.replace(services, settings=dataclasses.replace(services.settings, max_answer_bytes=1_000))
    client = client_of(tiny)
    client.post("/v1/traces", protobuf_post(name="x" * 5_000), PROTOBUF)
    reply = client.get(PATH)
    assert reply.status == 422
    assert reply.json()["error"]["code"] == "answerTooLarge"


def test_the_assembly_is_json(kept):
    reply = kept.get(PATH + "/assembly")
    assert reply.status == 200
    assert reply.json()


def test_answers_are_not_to_be_cached_nor_guessed_at(kept):
    headers = kept.get(PATH).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_health_needs_neither_key_nor_store(client_of, services, key_gate):
    away = dataclasses.replace(services, gate=key_gate, blocks=BrokenStore(StoreError("away")))
    assert client_of(away).get("/healthz").json()["status"] == "ok"
