import json

import pytest

from chalicelib.propagation.triggers.invoked import Invoked
from chalicelib.propagation.triggers.recognise import recognise
from chalicelib.propagation.triggers.trigger import AT_END, AT_START
from tests.propagation.triggers import events

NOBODY = Invoked()


def complete(trigger):
    return [(each.trace_id, each.span_id) for each in trigger.contexts if each.is_complete]


SENDER = [(events.TRACE_ID, events.SPAN_ID)]


def test_a_rest_request_has_the_attributes_of_an_http_server():
    trigger = recognise(events.rest_request(), NOBODY)
    assert trigger.attributes == {
        "http.request.method": "GET",
        "http.route": "/pets/{id}",
        "url.path": "/pets/7",
        "url.query": "page=1&page=2&Signature=REDACTED",
        "url.scheme": "https",
        "user_agent.original": "curl/8.5",
        "client.address": "203.0.113.7",
        "network.protocol.version": "1.1",
        "server.address": "abc123.execute-api.eu-west-1.amazonaws.com",
    }
    assert (trigger.name, trigger.faas_trigger) == ("/pets/{id}", "http")


def test_a_header_that_came_twice_is_seen_twice():
    """Two traceparents are none (W3C Trace Context 3.2.2); only multiValueHeaders shows it."""
    assert complete(recognise(events.rest_request([events.TRACEPARENT, events.TRACEPARENT]), NOBODY)) == []


def test_an_http_api_says_the_same_of_a_request_in_its_own_words():
    rest, http = (recognise(event, NOBODY) for event in (events.rest_request(), events.http_request()))
    assert http.attributes == {**rest.attributes, "url.query": "page=2&sig=REDACTED"}
    assert (http.name, complete(http)) == (rest.name, SENDER)


def test_a_function_url_has_no_route_and_keeps_the_functions_name():
    trigger = recognise(events.function_url(), NOBODY)
    assert trigger.name == ""
    assert "http.route" not in trigger.attributes


def test_a_gateways_span_begins_with_the_request_and_waits_for_the_answer():
    gateway = recognise(events.rest_request(), NOBODY).inferred[0]
    assert (gateway.name, gateway.start_ns, gateway.end_ns) == ("GET /pets/{id}", events.NOON_NS, AT_END)
    assert gateway.attributes["spanfold.inferred"] == "api-gateway-rest"


def test_a_gateway_that_calls_asynchronously_does_not_wait():
    event = events.rest_request()
    event["multiValueHeaders"]["X-Amz-Invocation-Type"] = ["Event"]
    assert recognise(event, NOBODY).inferred[0].end_ns == AT_START


def test_a_request_of_unknown_time_has_no_gateways_span():
    event = events.rest_request()
    event["requestContext"]["requestTimeEpoch"] = "yesterday"
    assert recognise(event, NOBODY).inferred == ()


def test_what_x_ray_puts_on_a_request_is_a_join_and_never_the_parent():
    event = events.rest_request(sent=())
    trigger = recognise(event, NOBODY)
    assert complete(trigger) == []
    assert f"xray:{events.XRAY_ROOT}" in trigger.joins


def test_a_websockets_message_can_carry_its_context_in_its_body():
    trigger = recognise(events.websocket_message(), NOBODY)
    assert (trigger.name, complete(trigger), trigger.baggage) == ("send", SENDER, (("tenant", "blue"),))
    assert "websocket:L0SM9cOFvHcCIhw=" in trigger.joins


def test_a_websockets_connection_has_headers():
    assert complete(recognise(events.websocket(), NOBODY)) == SENDER
    assert complete(recognise(events.websocket("$disconnect"), NOBODY)) == []


def test_a_load_balancer_names_its_client_and_hides_methods_that_nobody_knows():
    trigger = recognise(events.load_balancer(), NOBODY)
    assert trigger.attributes["client.address"] == "203.0.113.7"
    assert trigger.attributes["http.request.method"] == "_OTHER"
    assert trigger.attributes["http.request.method_original"] == "PURGE"
    assert (trigger.source, complete(trigger), trigger.inferred) == ("shop", SENDER, ())


def test_lattices_time_is_in_microseconds():
    assert recognise(events.lattice(), NOBODY).inferred[0].start_ns == events.NOON_NS


@pytest.mark.parametrize("build", [events.appsync, events.appsync_batch, events.cloudfront, events.authorizer])
def test_headers_elsewhere_are_found(build):
    assert complete(recognise(build(), NOBODY)) == SENDER


@pytest.mark.parametrize("request_of_field", [None, "hello", {}, {"headers": None}, {"headers": ["x"]}])
def test_a_field_whose_request_has_no_headers_is_a_root(request_of_field):
    trigger = recognise({**events.appsync(), "request": request_of_field}, NOBODY)
    assert (trigger.kind, trigger.contexts, trigger.name) == ("appsync", (), "Query.pet")


def handed_on(authorizer, sent=()):
    event = events.rest_request(sent)
    event["requestContext"]["authorizer"] = authorizer
    return recognise(event, NOBODY)


def test_the_authorizer_that_was_asked_for_this_request_hands_its_context_on():
    assert complete(handed_on({"traceparent": events.TRACEPARENT, "integrationLatency": 12})) == SENDER
    assert complete(handed_on({"traceparent": events.TRACEPARENT, "requestId": "request-1"})) == SENDER


def test_the_authorizer_of_an_http_api_hands_its_context_on():
    event = events.http_request(sent="")
    handed = {"traceparent": events.TRACEPARENT, "requestId": "request-1"}
    event["requestContext"]["authorizer"] = {"lambda": handed}
    assert complete(recognise(event, NOBODY)) == SENDER


def test_datadogs_authorizer_hands_on_an_object_in_base64():
    carried = {**events.DATADOG, "x-datadog-authorizing-requestid": "request-1"}
    trigger = handed_on({"_datadog": events.b64(json.dumps(carried))})
    assert complete(trigger) == [(events.TRACE_ID, f"{67667974448284343:016x}")]


def test_a_cached_answer_of_an_authorizer_is_of_another_trace():
    assert complete(handed_on({"traceparent": events.TRACEPARENT, "requestId": "request-0"})) == []
    assert complete(handed_on({"traceparent": events.TRACEPARENT, "integrationLatency": 0})) == []


def test_what_the_client_sent_comes_before_what_its_authorizer_hands_on():
    other = "00-11111111111111111111111111111111-2222222222222222-01"
    assert complete(handed_on({"traceparent": other, "integrationLatency": 9}, [events.TRACEPARENT])) == SENDER
