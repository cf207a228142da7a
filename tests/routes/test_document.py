"""The OpenAPI document is true: of every endpoint, and of every answer that schemathesis can provoke."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chalicelib.local.server import serve
from chalicelib.routes import gateway
from chalicelib.routes.answers import NATIVE
from chalicelib.routes.native.document import document
from chalicelib.routes.otlp import OTLP
from tests.query.worlds import tell
from tests.views.pipeline import Pipeline

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@schemathesis.serializer("application/x-protobuf")
def _any_bytes(_context, value):
    """What is generated is JSON, so this is what a confused sender might post."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def url():
    """A server with an hour of traces."""
    pipeline = Pipeline()
    tell(pipeline, seed=5, count=40, hours=0.5)
    with serve(gateway.create(pipeline.services), log=lambda _line: None) as url:
        yield url


@schema.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case, url):
    case.call_and_validate(base_url=url, checks=CHECKS)


def test_every_endpoint_is_in_the_document_and_nothing_else():
    told = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    own = {NATIVE.name, OTLP.name}
    assert told == {(each.method, each.path) for each in gateway.ENDPOINTS if each.dialect.name in own}


def test_the_document_says_which_scope_each_endpoint_takes():
    for endpoint in gateway.ENDPOINTS:
        told = document()["paths"].get(endpoint.path, {}).get(endpoint.method.lower())
        if told is not None and told["security"]:
            assert f"`{endpoint.scope}`" in told["description"]
