"""A Chalice app, traced as a whole and by middleware."""

import pytest
from chalice import BadRequestError, Blueprint, Chalice, NotFoundError
from chalice.app import ConvertToMiddleware
from chalice.test import Client

from chalicelib.tracing import current_span, records, traced
from chalicelib.tracing.span import ERROR, UNSET
from tests.tracing.lambda_world import LambdaContext, batch_of, message, request, traceparent


class Declined(Exception):
    pass


def an_app():
    app = Chalice(app_name="shop", configure_logs=False)
    extra = Blueprint("extra")

    @app.route("/orders/{id}", methods=["GET"])
    def order(id):  # noqa: A002  # the path's name
        return {"id": id, "span": current_span().name}

    @app.route("/broken")
    def broken():
        raise Declined("no money")

    @app.route("/bad")
    def bad():
        raise BadRequestError("what?")

    @app.route("/missing")
    def missing():
        raise NotFoundError("gone")

    @extra.route("/extra")
    def more():
        raise Declined("from a blueprint")

    @app.on_sqs_message(queue="paid")
    def on_paid(event):
        return [record.body for record in records(event)] + [current_span().name]

    @app.lambda_function()
    def other(event, context):
        raise Declined("elsewhere")

    app.register_blueprint(extra)
    return app, on_paid, other


@pytest.fixture
def app(recorder):
    made, made.on_paid, made.other = an_app()
    return traced(made)


def test_it_stays_the_same_object_and_a_chalice(recorder):
    app, _, _ = an_app()
    assert traced(app) is app
    assert traced(app) is app
    assert isinstance(app, Chalice)
    assert type(app).__name__ == "Chalice"
    assert len(app.middleware_handlers) == 1


def test_a_request_is_one_invocation(app, recorder):
    answer = app(request(), LambdaContext())
    assert answer["statusCode"] == 200
    assert answer["body"] == '{"id":"7","span":"/orders/{id}"}'
    assert recorder.names.count("/orders/{id}") == 1
    assert recorder.named("/orders/{id}").attributes["http.response.status_code"] == 200


def test_an_exception_in_a_view_is_found_behind_the_answer(app, recorder):
    assert app(request("/broken"), LambdaContext())["statusCode"] == 500
    found = recorder.named("/broken")
    assert (found.status_code, found.status_message) == (ERROR, "no money")
    assert found.attributes["error.type"].endswith(".Declined")
    assert found.attributes["http.response.status_code"] == 500
    assert "in broken" in found.events[0].attributes["exception.stacktrace"]


def test_of_a_blueprint_too(app, recorder):
    app(request("/extra"), LambdaContext())
    assert recorder.named("/extra").status_message == "from a blueprint"


@pytest.mark.parametrize(("path", "code"), [("/bad", 400), ("/missing", 404), ("/unknown", 405)])
def test_a_callers_mistake_is_no_error_even_where_no_route_is(app, recorder, path, code):
    assert app(request(path), LambdaContext())["statusCode"] == code
    found = recorder.named(path)
    assert (found.status_code, found.attributes["http.response.status_code"]) == (UNSET, code)
    assert found.events == []


def test_a_method_that_is_not_allowed_counts(app, recorder):
    event = request("/broken")
    event["requestContext"]["httpMethod"] = "PUT"
    assert app(event, LambdaContext())["statusCode"] == 405
    assert recorder.named("/broken").attributes["http.response.status_code"] == 405


def test_a_queues_function_is_traced_with_chalices_records(app, recorder):
    event = batch_of(message(1, traceparent()), message(2, traceparent()))
    assert app.on_paid(event, LambdaContext()) == ["{}", "{}", "process paid"]
    assert len(recorder.all_named("record paid")) == 2


def test_another_function_of_the_app_is_traced_and_raises(app, recorder):
    with pytest.raises(Declined):
        app.other({}, LambdaContext())
    assert recorder.named("orders").status_message == "elsewhere"


def test_chalices_own_test_client_works(app, recorder):
    with Client(app) as client:
        assert client.http.get("/orders/7").json_body["id"] == "7"
        assert client.http.get("/broken").status_code == 500
    assert [found.status_message for found in recorder.all_named("api_handler")] == ["", "no money"]


def test_as_middleware_alone_it_sees_what_chalice_lets_it_see(recorder):
    app, on_paid, _ = an_app()
    app.register_middleware(ConvertToMiddleware(traced))
    assert app(request("/broken"), LambdaContext())["statusCode"] == 500
    found = recorder.named("/broken")
    assert (found.status_code, found.attributes["error.type"]) == (ERROR, "500")
    on_paid(batch_of(message(1)), LambdaContext())
    assert recorder.named("process paid")
