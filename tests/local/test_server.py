"""The local runner over real HTTP: what passes through, and what the gateway answers by itself."""

import contextlib
import queue
import socket
import threading
from urllib.parse import urlsplit

import pytest

from chalicelib.local.proxy import MAX_EVENT_BYTES, MAX_REQUEST_BYTES
from chalicelib.local.server import AddressTaken, listen, serve, url_of
from chalicelib.routes import gateway
from chalicelib.routes.answers import NATIVE, Answer, json_answer
from chalicelib.routes.endpoint import PUBLIC, Endpoint
from tests.http_client import HttpClient
from tests.routes.posts import PROTOBUF


@pytest.fixture
def said():
    return queue.SimpleQueue()


@pytest.fixture
def serving(services, said):
    """Serves one view at GET and POST /view; stops it afterwards."""
    running = contextlib.ExitStack()

    def start(view, timeout_s=29.0):
        endpoints = [
            Endpoint(method=method, path="/view", scope=PUBLIC, dialect=NATIVE, view=view) for method in ("GET", "POST")
        ]
        return HttpClient(running.enter_context(serve(gateway.create(services, endpoints), said.put, timeout_s)))

    with running:
        yield start


def echo_body(_services, _caller, request):
    return Answer(body=request.body, media_type="application/octet-stream")


def test_an_unknown_path_is_403_as_on_aws(client):
    reply = client.get("/v1/nothing")
    assert reply.status == 403
    assert reply.json() == {"message": "Missing Authentication Token"}
    assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_a_method_that_a_path_does_not_have_is_403_as_on_aws(client, method):
    assert client.ask(method, "/v1/traces").status == 403


def test_a_request_past_ten_megabytes_is_the_gateways_own_413(client):
    reply = client.post("/v1/traces", bytes(MAX_REQUEST_BYTES + 1), PROTOBUF)
    assert reply.status == 413
    assert reply.json() == {"message": "Request Too Long"}


def test_a_chunked_request_past_ten_megabytes_is_too(client):
    chunk = bytes(1024 * 1024)
    assert client.post("/v1/traces", (chunk for _ in range(11)), PROTOBUF).status == 413


def test_an_event_past_lambdas_six_megabytes_does_not_reach_the_function(client, telemetry):
    assert client.post("/v1/traces", bytes(MAX_EVENT_BYTES), PROTOBUF).json() == {"message": "Request Too Long"}
    assert telemetry.request_ids == []


def test_the_largest_body_we_allow_reaches_the_function(client, services):
    largest = services.settings.max_body_bytes
    heavy_headers = {**PROTOBUF, "x-padding": "x" * 9_000}
    assert client.post("/v1/traces", bytes(largest), heavy_headers).status == 400
    assert (
        client.post("/v1/traces", bytes(largest + 1), heavy_headers).body[:2] == b"\x08\x03"
    )  # ours, not the gateway's


def test_an_answer_past_six_megabytes_is_502(serving, said):
    client = serving(lambda *_: Answer(body=bytes(MAX_EVENT_BYTES), media_type="application/octet-stream"))
    assert client.get("/view").status == 502
    assert "more than Lambda gives back" in said.get(timeout=5)


def test_the_largest_page_we_allow_comes_through(serving, services):
    largest = services.settings.max_answer_bytes
    client = serving(lambda *_: Answer(body=bytes(largest), media_type="application/octet-stream"))
    assert len(client.get("/view").body) == largest


def test_an_answer_that_takes_too_long_is_504(serving):
    hold = threading.Event()

    def wait(*_):
        hold.wait(timeout=10)
        return json_answer("late")

    reply = serving(wait, timeout_s=0.05).get("/view")
    hold.set()
    assert reply.status == 504
    assert reply.json() == {"message": "Endpoint request timed out"}


def test_requests_are_answered_side_by_side(serving):
    together = threading.Barrier(8)

    def meet(*_):
        together.wait(timeout=10)  # breaks unless eight views run at once
        return json_answer("met")

    client = serving(meet)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(client.get("/view").status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8


@pytest.mark.parametrize("body", [b"", b"\x00\xff\r\n", bytes(range(256)) * 1_000])
def test_any_bytes_go_and_come_back_unchanged(serving, body):
    client = serving(echo_body)
    assert client.post("/view", body).body == body
    assert client.post("/view", iter([body[:3], body[3:]])).body == body


def test_every_value_of_a_repeated_query_key_arrives(serving):
    client = serving(lambda _services, _caller, request: json_answer(request.query))
    assert client.get("/view?a=1&a=2%203&b=").json() == {"a": ["1", "2 3"], "b": [""]}


def test_headers_arrive_whatever_their_case_and_however_often(serving):
    client = serving(lambda _services, _caller, request: json_answer(request.headers))
    seen = client.get("/view", [("X-oDD", "a"), ("x-Odd", "b")]).json()
    assert seen["x-odd"] == "a, b"
    assert seen["accept"] == "*/*"


def test_the_function_is_told_how_long_it_has(serving):
    client = serving(lambda _services, _caller, request: json_answer(request.deadline.remaining_s()))
    assert 20 < client.get("/view").json() <= 28


def test_each_request_is_said_in_one_line(client_of, serving, said):
    serving(echo_body).get("/view")
    assert said.get(timeout=5).startswith("GET /view 200 0 bytes ")


def test_a_body_that_was_never_whole_is_not_invoked_with(serving, said):
    seen = []
    client = serving(lambda _services, _caller, request: seen.append(request.body) or json_answer("taken"))
    address = urlsplit(client.url)
    with socket.create_connection((address.hostname, address.port)) as hung_up:
        hung_up.sendall(b"POST /view HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
    assert said.get(timeout=5) == "POST /view was hung up on before its body was whole"
    assert seen == []


def test_a_path_that_nothing_answers_is_said_in_words(serving, said):
    serving(echo_body).get("/nowhere")
    assert "nothing answers GET /nowhere" in said.get(timeout=5)


def test_a_taken_port_is_said_in_one_line():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port} is in use") as refused:
            listen("127.0.0.1", port)
    assert "\n" not in str(refused.value)


def test_port_0_takes_a_free_one():
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert url_of(one) != url_of(other)
