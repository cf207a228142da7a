"""What API Gateway and Chalice would do by themselves, and what clients get instead."""

import base64
import dataclasses
import json
import threading
from types import SimpleNamespace

import pytest
from chalice.deploy.validate import validate_route_content_types, validate_routes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.model.access import Scope
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import MethodNotAllowed, NotPermitted, StoreError, StoreThrottled
from chalicelib.routes import gateway
from chalicelib.routes.answers import NATIVE, json_answer
from chalicelib.routes.endpoint import PUBLIC, Endpoint, Open
from chalicelib.routes.request import Request
from tests.recording import BrokenStore
from tests.routes.posts import JSON, PROTOBUF, TRACE_ID, call, event, json_post, protobuf_post

PARAMS = {"trace_id": TRACE_ID, "name": "cart", "key": "http.route", "tag": "span.http.route", "metric": "calls"}


@pytest.fixture
def app(services):
    return gateway.create(services)


@pytest.fixture
def locked(services, key_gate):
    return dataclasses.replace(services, gate=key_gate)


def event_for(endpoint: Endpoint, **parts):
    params = PARAMS if "{" in endpoint.path else None
    return event(endpoint.method, endpoint.path, params=params, **parts)


def test_a_request_without_accept_gets_its_answer(app):
    """JavaScript and Go exporters send none, and Chalice would say 400 after the spans were kept."""
    assert call(app, event(headers=PROTOBUF, body=protobuf_post()))[0] == 200


@pytest.mark.parametrize("missing", [None, {}])
def test_a_request_without_any_header_is_told_which_type_to_send(app, missing):
    assert call(app, event(headers=missing, body=b"x"))[0] == 415


@pytest.mark.parametrize("drop", ["headers", "multiValueHeaders", "pathParameters", "stageVariables", "body", "path"])
def test_an_event_may_lack_what_api_gateway_always_sends(app, drop):
    proxy_event = event("GET", "/healthz")
    del proxy_event[drop]
    assert call(app, proxy_event)[0] == 200


def test_the_event_is_left_as_it_was(app):
    proxy_event = event(headers=PROTOBUF, body=protobuf_post())
    before = json.dumps(proxy_event)
    call(app, proxy_event)
    assert json.dumps(proxy_event) == before


STRANGE_EVENTS = {
    "HTTP API, payload 2.0": {
        "version": "2.0",
        "routeKey": "POST /v1/traces",
        "rawPath": "/v1/traces",
        "headers": {},
        "requestContext": {"http": {"method": "POST", "path": "/v1/traces"}},
    },
    "nothing": {},
    "a list": [],
    "text": "hello",
    "a test event": {"key1": "value1"},
    "headers that are no map": {
        "requestContext": {"resourcePath": "/healthz", "httpMethod": "GET"},
        "headers": ["accept"],
    },
    "a body that is no text": {"requestContext": {"resourcePath": "/healthz", "httpMethod": "GET"}, "body": 1},
}


@pytest.mark.parametrize("strange", STRANGE_EVENTS.values(), ids=STRANGE_EVENTS)
def test_an_event_of_another_kind_is_refused_in_clear_words(app, strange):
    status, _, body = call(app, strange)
    assert status == 501
    assert "REST proxy events" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "strange",
    [
        event("GET", "/nowhere"),
        event("TRACE", "/v1/traces"),
        event("get", "/healthz"),
        event("GET", "/v1/traces/{trace_id}", params=None),
    ],
)
def test_a_resource_that_is_not_ours_is_404_and_leaves_no_trace(app, strange):
    known = set(app.routes)
    assert call(app, strange)[0] == 404
    assert set(app.routes) == known


def test_a_body_that_is_not_base64_is_the_senders_fault(app):
    """Chalice decodes it to an empty body, which OTLP takes for an empty batch: the spans would be gone."""
    status, _, body = call(app, event(headers=JSON) | {"body": "@@@@"})
    assert status == 400
    assert "base64" in json.loads(body)["message"]


def test_a_body_over_the_limit_is_413_in_the_dialects_form(services):
    small = dataclasses.replace(services, settings=dataclasses.replace(services.settings, max_body_bytes=100))
    status, _, body = call(gateway.create(small), event(headers=JSON, body=b" " * 101))
    assert (status, json.loads(body)["code"]) == (413, 3)
    assert call(gateway.create(small), event(headers=JSON, body=b" " * 100))[0] == 400


def test_a_body_sent_as_text_counts_in_bytes(services):
    small = dataclasses.replace(services, settings=dataclasses.replace(services.settings, max_body_bytes=10))
    as_text = event(headers=JSON) | {"body": "ä" * 6, "isBase64Encoded": False}
    assert call(gateway.create(small), as_text)[0] == 413


def test_every_endpoint_says_its_scope_and_its_dialect():
    assert gateway.ENDPOINTS
    for endpoint in gateway.ENDPOINTS:
        assert isinstance(endpoint.scope, Scope | Open)
        assert endpoint.dialect.name


def test_only_what_says_nothing_of_anybodys_traces_is_public():
    public = {endpoint.path for endpoint in gateway.ENDPOINTS if endpoint.scope is PUBLIC}
    assert public == {
        "/healthz",
        "/tempo/ready",
        "/tempo/api/status/buildinfo",
        "/zipkin/config.json",
        "/zipkin/health",
        "/zipkin/info",
    }


@pytest.mark.parametrize("endpoint", gateway.ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_without_a_key_only_public_endpoints_answer(locked, endpoint):
    status, headers, body = call(gateway.create(locked), event_for(endpoint, headers=JSON))
    if endpoint.scope is PUBLIC:
        assert status == 200
    else:
        expected = endpoint.dialect.refuse({"content-type": "application/json"}, NotPermitted("any"))
        assert status == 401
        assert headers["www-authenticate"] == "Bearer"
        assert headers["content-type"] == expected.media_type
        if expected.media_type == "application/json":
            assert json.loads(body).keys() == json.loads(expected.body).keys()


@pytest.mark.parametrize("endpoint", gateway.ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_a_view_called_past_the_gate_lets_nobody_in(services, endpoint):
    request = Request(
        method=endpoint.method,
        path=endpoint.path,
        path_params=PARAMS,
        headers={"content-type": "application/json"},
        query={},
        body=json_post(),
        request_id="-",
        deadline=Deadline(services.now_ns() + 10**10, services.now_ns),
    )
    if endpoint.scope is PUBLIC:
        assert endpoint.view(services, None, request).status == 200
    else:
        with pytest.raises(NotPermitted):
            endpoint.view(services, None, request)


@pytest.mark.parametrize("endpoint", gateway.ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_a_key_for_something_else_is_403(locked, key_for, endpoint):
    if endpoint.scope is PUBLIC:
        return
    key = key_for(*(scope for scope in Scope if scope is not endpoint.scope))
    status, _, _ = call(gateway.create(locked), event_for(endpoint, headers={**JSON, "X-Api-Key": key}))
    assert status == 403


@pytest.mark.parametrize("path", sorted({endpoint.path for endpoint in gateway.ENDPOINTS}))
@pytest.mark.parametrize("method", gateway.METHODS)
def test_every_other_method_of_a_path_is_405_in_its_dialect(app, path, method):
    own = {endpoint.method: endpoint for endpoint in gateway.ENDPOINTS if endpoint.path == path}
    if method in own or method == "OPTIONS":
        return
    status, headers, body = call(app, event(method, path, params=PARAMS if "{" in path else None))
    assert status == 405
    assert headers["allow"] == ", ".join([*own, "OPTIONS"])
    expected = next(iter(own.values())).dialect.refuse({}, MethodNotAllowed(method, (*own, "OPTIONS")))
    assert (headers["content-type"], body) == (expected.media_type, expected.body)


def test_chalice_would_deploy_these_routes(app):
    validate_routes(app.routes)
    validate_route_content_types(app.routes, app.api.binary_types)
    assert app.api.binary_types == ["*/*"]


@pytest.mark.parametrize("endpoint", gateway.ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_nothing_ever_redirects(app, endpoint):
    """Python's exporters take a redirect for success and lose the spans."""
    assert not 300 <= call(app, event_for(endpoint, headers=JSON, body=b"{}"))[0] < 400


@pytest.mark.parametrize("headers", [PROTOBUF, JSON])
def test_an_unexpected_failure_of_ours_lets_the_sender_try_again(services, telemetry, headers):
    broken = dataclasses.replace(services, blocks=BrokenStore(ZeroDivisionError("secret")))
    body = protobuf_post() if headers is PROTOBUF else json_post()
    status, answered, said = call(gateway.create(broken), event(headers=headers, body=body))
    assert (status, answered["retry-after"]) == (503, "1")
    assert b"secret" not in said
    [(_, error)] = telemetry.failures
    assert isinstance(error, ZeroDivisionError)


def test_an_unexpected_failure_on_a_read_is_500_in_neutral_words(services, telemetry):
    broken = dataclasses.replace(services, blocks=BrokenStore(ZeroDivisionError("secret")))
    status, _, body = call(gateway.create(broken), event("GET", "/v1/traces/{trace_id}", params=PARAMS))
    assert status == 500
    assert "secret" not in json.loads(body)["error"]["message"]
    assert telemetry.failures


def test_a_key_store_that_is_away_is_503(services, key_for):
    key = key_for(Scope.INGEST)

    class AwayGate:
        def admit(self, headers, scope):
            raise StoreError("keys cannot be read")

    app = gateway.create(dataclasses.replace(services, gate=AwayGate()))
    status, headers, _ = call(app, event(headers={**PROTOBUF, "x-api-key": key}, body=protobuf_post()))
    assert (status, headers["retry-after"]) == (503, "1")


def test_a_store_that_fails_is_told_to_the_operator_with_cause_and_notes(services, telemetry):
    away = StoreError("the store is not set up properly")
    away.__cause__ = OSError("not authorized to perform: dynamodb:BatchWriteItem")
    app = gateway.create(dataclasses.replace(services, blocks=BrokenStore(away)))
    status, _, said = call(app, event(headers=JSON, body=json_post()))
    assert status == 503
    assert b"authorized" not in said
    assert telemetry.failures == [("POST /v1/traces failed at the store", away)]
    assert telemetry.warnings == []


def test_a_store_that_throttles_is_a_warning_without_traceback(services, telemetry):
    busy = StoreThrottled("the store is busy")
    busy.add_note("ThrottlingException in BatchWriteItem on table spanfold-facts")
    app = gateway.create(dataclasses.replace(services, blocks=BrokenStore(busy)))
    assert call(app, event(headers=JSON, body=json_post()))[0] == 429
    assert telemetry.warnings == [
        ("POST /v1/traces was throttled by the store", {"status": 429, "notes": busy.__notes__})
    ]
    assert telemetry.failures == []


def test_lines_about_a_request_carry_lambdas_request_id(app, telemetry):
    app(event("GET", "/healthz"), SimpleNamespace(aws_request_id="8a1c"))
    assert telemetry.request_ids == ["8a1c"]


def test_each_thread_has_its_own_request(services):
    """The local runner answers many requests at once on one app."""
    together = threading.Barrier(8)

    def echo(_services, _caller, request):
        together.wait(timeout=10)
        return json_answer(request.path_params["name"])

    endpoint = Endpoint(method="GET", path="/echo/{name}", scope=PUBLIC, dialect=NATIVE, view=echo)
    app = gateway.create(services, [endpoint])
    heard: dict[str, bytes] = {}

    def ask(name):
        heard[name] = call(app, event("GET", "/echo/{name}", params={"name": name}))[2]

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {str(number): b'"%d"' % number for number in range(8)}


def test_two_apps_in_one_process_keep_their_own_services(services, locked):
    open_app, locked_app = gateway.create(services), gateway.create(locked)
    assert call(open_app, event(headers=PROTOBUF, body=b""))[0] == 200
    assert call(locked_app, event(headers=PROTOBUF, body=b""))[0] == 401


ENCODINGS = st.sampled_from(["gzip", "deflate", "zstd", "identity", "", "GZIP", "br", "x", None])
TYPES = st.sampled_from(
    ["application/x-protobuf", "application/json", "Application/JSON; charset=utf-8", "text/plain", "", "a/b;;", None]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), encoding=ENCODINGS, media_type=TYPES)
def test_no_bytes_at_all_give_a_5xx(app, telemetry, body, encoding, media_type):
    given_headers = {"Content-Encoding": encoding, "Content-Type": media_type}
    headers = {name: value for name, value in given_headers.items() if value is not None}
    assert call(app, event(headers=headers, body=body))[0] in (200, 400, 413, 415)
    assert telemetry.counts["spans_received"] == telemetry.counts["spans_stored"] + telemetry.counts["spans_rejected"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    body=st.sampled_from([protobuf_post(span_count=3, bad_ids=1), json_post()]),
    media_type=st.sampled_from(["application/x-protobuf", "application/json"]),
)
def test_no_damage_to_a_good_post_gives_a_5xx(app, telemetry, data, body, media_type):
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert call(app, event(headers={"content-type": media_type}, body=bytes(damaged)))[0] in (200, 400)
    assert telemetry.counts["spans_received"] == telemetry.counts["spans_stored"] + telemetry.counts["spans_rejected"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(max_size=40), trace_id=st.text(min_size=1, max_size=40), accept=st.text(max_size=40))
def test_no_question_gives_a_5xx(app, cursor, trace_id, accept):
    asked = event(
        "GET",
        "/v1/traces/{trace_id}",
        params={"trace_id": trace_id},
        query={"cursor": [cursor]},
        headers={"Accept": accept, "Accept-Encoding": accept},
    )
    assert call(app, asked)[0] in (400, 404)


def test_base64_answers_are_whole(app):
    answer = app(event("GET", "/healthz"), None)
    assert base64.b64decode(answer["body"]).endswith(b"}")
