"""One span for a request, whichever library sends it and whatever that is built on."""

import asyncio
import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
import urllib3

from chalicelib.tracing.clients import instrument, uninstrument
from chalicelib.tracing.clients.http.exchange import INJECT
from chalicelib.tracing.current import BAGGAGE
from chalicelib.tracing.span import CLIENT, ERROR, UNSET
from chalicelib.tracing.suppression import Suppressed
from tests.tracing.clients.actors import client
from tests.tracing.clients.echo import Echo
from tests.tracing.clients.recorder import Recorder

NOBODY = "http://127.0.0.1:9/"
EARLIER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
Send = Callable[..., int]


def by_urllib3(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    with urllib3.PoolManager(retries=urllib3.Retry(3, connect=0)) as pool:
        return pool.request(method, url, headers=headers).status


def by_requests(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    with requests.Session() as session:
        return session.request(method, url, headers=headers, timeout=5).status_code


def by_httpx(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    with httpx.Client(follow_redirects=True) as session:
        return session.request(method, url, headers=headers).status_code


def by_async_httpx(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(follow_redirects=True) as session:
            return (await session.request(method, url, headers=headers)).status_code

    return asyncio.run(ask())


def by_http_client(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request(method, f"/{path}", headers=headers or {})
    with connection.getresponse() as response:
        response.read()
    connection.close()
    return response.status


def by_urllib(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    request = urllib.request.Request(url, headers=headers or {}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  # our own server
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


ALL = {
    "urllib3": by_urllib3, "requests": by_requests, "httpx": by_httpx, "httpx, async": by_async_httpx,
    "http.client": by_http_client, "urllib": by_urllib,
}  # fmt: skip
every_client = pytest.mark.parametrize("send", ALL.values(), ids=ALL)


@every_client
def test_a_request_is_a_client_span_and_tells_the_server_so(send: Send, echo: Echo, recorder: Recorder) -> None:
    assert send(f"{echo.url}/orders?page=2") == 200
    span = recorder.only()
    assert (span.name, span.kind, span.status_code) == ("GET", CLIENT, UNSET)
    assert span.attributes == {
        "http.request.method": "GET",
        "url.full": f"{echo.url}/orders?page=2",
        "server.address": "127.0.0.1",
        "server.port": echo.server_port,
        "http.response.status_code": 200,
    }
    (request,) = echo.requests
    assert request.headers["traceparent"] == [f"00-{span.trace_id}-{span.span_id}-03"]


@every_client
def test_a_status_of_an_error_is_the_spans(send: Send, echo: Echo, recorder: Recorder) -> None:
    assert send(f"{echo.url}/status/503") == 503
    span = recorder.only()
    assert (span.status_code, span.attributes["error.type"]) == (ERROR, "503")


@every_client
def test_a_request_without_an_answer_has_the_exception(send: Send, recorder: Recorder) -> None:
    with pytest.raises((OSError, httpx.HTTPError, urllib3.exceptions.HTTPError)):
        send(NOBODY)
    span = recorder.only()
    assert span.status_code == ERROR
    assert span.attributes["error.type"]
    assert not recorder.still_open


@every_client
def test_the_callers_own_headers_go_out_and_stay_its_own(send: Send, echo: Echo, recorder: Recorder) -> None:
    mine = {"X-Mine": "1"}
    token = BAGGAGE.set((("user", "7"),))
    send(echo.url, mine)
    BAGGAGE.reset(token)
    assert mine == {"X-Mine": "1"}
    assert echo.requests[0].headers["x-mine"] == ["1"]
    assert echo.requests[0].headers["baggage"] == ["user=7"]


@every_client
def test_a_context_that_is_there_stays_and_is_linked(send: Send, echo: Echo, recorder: Recorder) -> None:
    send(echo.url, {"Traceparent": EARLIER})
    span = recorder.only()
    assert echo.requests[0].headers["traceparent"] == [EARLIER]
    assert [link.context.span_id for link in span.links] == ["b7ad6b7169203331"]
    assert span.attributes[INJECT] == "skipped: it has a context already"


@every_client
@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=x/20261122/eu-central-1/s3/aws4_request"}, ""),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, ""),
        ({}, "?X-Amz-Signature=abc"),
    ],
    ids=["SigV4", "sha256", "presigned"],
)
def test_what_is_signed_goes_out_untouched(
    send: Send, headers: dict[str, str], query: str, echo: Echo, recorder: Recorder
) -> None:
    send(f"{echo.url}/{query}", headers)
    assert "traceparent" not in echo.requests[0].headers
    assert recorder.only().attributes[INJECT] == "skipped: the request is signed"


@every_client
def test_what_is_suppressed_is_not_traced(send: Send, echo: Echo, recorder: Recorder) -> None:
    with Suppressed():
        send(echo.url)
    assert not recorder.spans
    assert "traceparent" not in echo.requests[0].headers


@every_client
def test_switched_off_it_is_as_before(send: Send, echo: Echo, recorder: Recorder) -> None:
    uninstrument()
    send(echo.url)
    assert not recorder.spans
    assert "traceparent" not in echo.requests[0].headers


@pytest.mark.parametrize(
    ("send", "spans", "resent"),
    [(by_requests, 1, 1), (by_httpx, 1, 1), (by_async_httpx, 1, 1), (by_urllib3, 2, None), (by_urllib, 2, None)],
)
def test_redirects(send: Send, spans: int, resent: int | None, echo: Echo, recorder: Recorder) -> None:
    assert send(f"{echo.url}/redirect/there") == 200
    assert len(recorder.spans) == spans
    assert recorder.spans[0].attributes.get("http.request.resend_count") == resent
    assert all("traceparent" in request.headers for request in echo.requests)


def test_retries_of_urllib3_are_one_span(echo: Echo, recorder: Recorder) -> None:
    echo.plan(503, {})
    with urllib3.PoolManager() as pool:
        pool.request("GET", echo.url, retries=urllib3.Retry(2, status_forcelist=[503]))
    assert recorder.only().attributes["http.request.resend_count"] == 1


@pytest.mark.parametrize(
    ("method", "name", "attributes"),
    [
        ("post", "POST", {"http.request.method": "POST", "http.request.method_original": "post"}),
        ("PURGE", "HTTP", {"http.request.method": "_OTHER", "http.request.method_original": "PURGE"}),
    ],
)
def test_names_are_of_the_known_methods(method: str, name: str, attributes: dict[str, str], recorder: Recorder) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError), urllib3.HTTPConnectionPool("127.0.0.1", 9, retries=0) as pool:
        pool.urlopen(method, "/")
    span = recorder.only()
    assert span.name == name
    assert attributes.items() <= span.attributes.items()


def test_a_prepared_request_can_be_sent_twice(echo: Echo, recorder: Recorder) -> None:
    prepared = requests.Request("GET", echo.url, headers={"X-Mine": "1"}).prepare()
    built = httpx.Request("GET", echo.url)
    with requests.Session() as session, httpx.Client() as other:
        for _ in range(2):
            session.send(prepared)
            other.send(built)
    assert "traceparent" not in prepared.headers
    sent = [request.headers["traceparent"][0].split("-")[2] for request in echo.requests]
    assert sent == [span.span_id for span in recorder.spans]
    assert not any(span.links for span in recorder.spans)


def test_concurrent_tasks_have_their_own_spans(echo: Echo, recorder: Recorder) -> None:
    async def ask_all() -> None:
        async with httpx.AsyncClient() as session:
            await asyncio.gather(*(session.get(f"{echo.url}/{number}") for number in range(5)))

    asyncio.run(ask_all())
    sent = {request.path: request.headers["traceparent"][0].split("-")[2] for request in echo.requests}
    assert sent == {f"/{str(span.attributes['url.full']).rpartition('/')[2]}": span.span_id for span in recorder.spans}


def test_an_answer_that_nobody_reads_ends_with_the_connection(recorder: Recorder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = http.client.HTTPConnection(*silent.getsockname())
        connection.request("GET", "/")
        connection.close()
    assert recorder.still_open
    del connection
    assert recorder.only().name == "GET"


def test_a_call_of_aws_is_the_span_of_its_hooks_alone(echo: Echo, recorder: Recorder) -> None:
    echo.plan(200, {"TableNames": []})
    client("dynamodb", echo.url).list_tables()
    assert recorder.only().name == "DynamoDB.ListTables"
    assert "traceparent" not in echo.requests[0].headers


def test_lambdas_own_api_is_not_traced(echo: Echo, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", f"127.0.0.1:{echo.server_port}")
    by_http_client(f"{echo.url}/2018-06-01/runtime/invocation/next")
    assert not recorder.spans


@every_client
def test_what_nobody_samples_tells_the_server_that(send: Send, echo: Echo) -> None:
    recorder = Recorder({"OTEL_TRACES_SAMPLER": "always_off"})
    instrument(tracer=lambda: recorder)
    send(echo.url)
    uninstrument()
    assert echo.requests[0].headers["traceparent"][0].endswith("-02")
    assert not recorder.spans


@pytest.mark.parametrize(
    ("propagators", "expected"),
    [
        ("b3", {"b3"}),
        ("tracecontext,b3multi", {"traceparent", "x-b3-traceid"}),
        ("xray", {"x-amzn-trace-id"}),
        ("none", set()),
    ],
)
def test_the_headers_are_those_of_the_propagators(propagators: str, expected: set[str], echo: Echo) -> None:
    recorder = Recorder({"OTEL_PROPAGATORS": propagators})
    instrument(tracer=lambda: recorder)
    by_urllib3(echo.url)
    uninstrument()
    known = {"traceparent", "b3", "x-b3-traceid", "x-amzn-trace-id"}
    assert known.intersection(echo.requests[0].headers) == expected


@every_client
def test_headers_that_we_cannot_read_are_the_librarys_business(send: Send, echo: Echo) -> None:
    recorder = Recorder()
    instrument(tracer=lambda: recorder)

    class Odd(dict[str, str]):
        def items(self) -> Any:
            raise RuntimeError

    try:
        send(echo.url, Odd())
    except RuntimeError:
        pass  # the library cannot read them either
    finally:
        uninstrument()
    assert not recorder.still_open


def test_nothing_is_left_behind() -> None:
    before = [
        urllib3.HTTPConnectionPool.urlopen,
        requests.Session.send,
        httpx.Client.send,
        http.client.HTTPConnection.request,
    ]
    instrument()
    instrument()
    uninstrument()
    after = [
        urllib3.HTTPConnectionPool.urlopen,
        requests.Session.send,
        httpx.Client.send,
        http.client.HTTPConnection.request,
    ]
    assert after == before
