"""What a browser asks before and reads after a request from another origin."""

import dataclasses

import pytest

from chalicelib.routes import gateway
from tests.routes.posts import JSON, TRACE_ID, call, event, json_post

SHOP = "https://shop.example"


@pytest.fixture
def app_for(services):
    def app(*origins: str):
        settings = dataclasses.replace(services.settings, cors_origins=origins)
        return gateway.create(dataclasses.replace(services, settings=settings))

    return app


def preflight(origin: str | None = SHOP, resource: str = "/v1/traces", params=None):
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    return event("OPTIONS", resource, headers=headers | ({"Origin": origin} if origin else {}), params=params)


def test_an_allowed_origin_learns_what_it_may_send(app_for):
    status, headers, body = call(app_for("https://other.example", SHOP), preflight())
    assert (status, body) == (204, b"")
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "content-encoding" in headers["access-control-allow-headers"]
    assert "traceparent" in headers["access-control-allow-headers"]
    assert headers["access-control-max-age"] == "86400"
    assert headers["vary"] == "origin"


def test_a_preflight_names_the_methods_of_its_own_path(app_for):
    asked = preflight(resource="/v1/traces/{trace_id}", params={"trace_id": TRACE_ID})
    assert call(app_for(SHOP), asked)[1]["access-control-allow-methods"] == "GET, OPTIONS"


def test_a_star_allows_every_origin(app_for):
    assert (
        call(app_for("*"), preflight("https://any.example"))[1]["access-control-allow-origin"] == "https://any.example"
    )


@pytest.mark.parametrize("origins", [(), ("https://other.example",)])
def test_another_origin_learns_nothing(app_for, origins):
    for asked in (preflight(), event(headers={**JSON, "Origin": SHOP}, body=json_post())):
        _, headers, _ = call(app_for(*origins), asked)
        assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://a\r\nset-cookie: x", "https://ä.example", "", None])
def test_an_origin_that_no_browser_sends_is_not_echoed(app_for, origin):
    status, headers, _ = call(app_for("*"), preflight(origin))
    assert status == 204
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (event(headers={**JSON, "Origin": SHOP}, body=json_post()), 200),
        (event(headers={**JSON, "Origin": SHOP}, body=b"nonsense"), 400),
        (event("GET", headers={"Origin": SHOP}), 405),
        (event("GET", "/v1/traces/{trace_id}", headers={"Origin": SHOP}, params={"trace_id": TRACE_ID}), 404),
    ],
)
def test_a_page_may_read_every_answer_errors_included(app_for, asked, status):
    answered, headers, _ = call(app_for(SHOP), asked)
    assert answered == status
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-expose-headers"] == "retry-after, link, x-spanfold-cursor"


def test_a_preflight_needs_no_key(services, key_gate):
    locked = dataclasses.replace(services, gate=key_gate)
    assert call(gateway.create(locked), preflight())[0] == 204
