"""Where API Gateway, through Chalice, meets our views: the one module of the routes that knows Chalice.

Chalice 1.34 has to be told a few things (each has its test):
- with a binary Content-Type it answers 400, *after* the view has run, to a request without Accept, which many OTLP
  exporters do not send; an exporter would drop spans that were kept. TraceApp supplies `accept: */*`.
- it must not judge content types or methods: its own 415 and 405 are in no dialect. Every route takes `*/*`, and
  every path has every method.
- `current_request` hangs on the app; the local runner has many threads, so ours hangs on the thread.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalice.app import Chalice
from chalice.app import Request as ChaliceRequest
from chalice.app import Response as ChaliceResponse

from chalicelib.model.access import Principal, Scope
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import MethodNotAllowed, NoSuchPath, StoreError, StoreThrottled, TracingError
from chalicelib.routes import cors, health, jaeger, native, otlp, sampling, tempo, traces, zipkin
from chalicelib.routes.answers import NATIVE, Answer, Dialect, json_answer, refusal
from chalicelib.routes.endpoint import Endpoint, Open
from chalicelib.routes.request import (
    Request,
    body_of,
    headers_of,
    is_proxy_event,
    millis_left,
    path_params_of,
    query_of,
    request_id_of,
)
from chalicelib.services import Services

APP_NAME = "spanfold"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

ENDPOINTS = (
    *otlp.ENDPOINTS,
    *traces.ENDPOINTS,
    *native.ENDPOINTS,
    *tempo.ENDPOINTS,
    *zipkin.ENDPOINTS,
    *jaeger.ENDPOINTS,
    *sampling.ENDPOINTS,
    *health.ENDPOINTS,
)

# Answers say what happened at one moment to one caller, and a browser must not guess at their type.
STANDING_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

NOT_FROM_REST_API = TracingError(
    "this function answers REST proxy events of API Gateway (payload version 1.0); HTTP APIs (payload version 2.0) "
    "and direct invocations are not understood"
)


class TraceApp(Chalice):
    """A Chalice app that takes any REST proxy event, whatever is missing in it, on many threads at once."""

    _of_thread = threading.local()

    @property
    def current_request(self) -> ChaliceRequest | None:
        """The request this thread is answering."""
        return getattr(self._of_thread, "current_request", None)

    @current_request.setter
    def current_request(self, request: ChaliceRequest | None) -> None:
        self._of_thread.current_request = request

    @property
    def lambda_context(self) -> Any:
        """The Lambda context of the request this thread is answering."""
        return getattr(self._of_thread, "lambda_context", None)

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._of_thread.lambda_context = context

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """The proxy answer to a proxy event."""
        if not is_proxy_event(event):
            return _proxy_answer(json_answer(_error_body("notARestProxyEvent", NOT_FROM_REST_API.detail), 501))
        if not self._has_route(event):
            return _proxy_answer(refusal(NATIVE, {}, NoSuchPath("nothing lives at this path")))
        headers = headers_of(event)
        headers.setdefault("accept", "*/*")
        return super().__call__(_completed(event, headers), context)

    def _has_route(self, event: Mapping[str, Any]) -> bool:
        """Whether Chalice will find a view and its arguments; API Gateway sends nothing else, but people do."""
        path, method = event["requestContext"]["resourcePath"], event["requestContext"]["httpMethod"]
        if path not in self.routes or method not in self.routes[path]:  # `routes` is a defaultdict: look before asking
            return False
        given = event.get("pathParameters") or {}
        return all(isinstance(given.get(name), str) for name in self.routes[path][method].view_args)


def create(services: Services, endpoints: Iterable[Endpoint] = ENDPOINTS) -> TraceApp:
    """An app with every endpoint, a refusal for every other method of their paths, and preflights."""
    # Chalice marks AWS_EXECUTION_ENV in the environment it is given; settings.py alone reads the process's own.
    app = TraceApp(APP_NAME, configure_logs=False, env={})
    app.api.binary_types = ["*/*"]
    for path, own in _by_path(endpoints).items():
        allowed = (*own, "OPTIONS")
        dialect = next(iter(own.values())).dialect
        for method in METHODS:
            if method in own:
                view = _guarded(app, services, own[method])
            elif method == "OPTIONS":
                view = _preflight(app, services, allowed)
            else:
                view = _not_allowed(app, services, dialect, allowed)
            name = f"{method} {path}"
            app.route(path, methods=[method], content_types=["*/*"], name=name)(view)
    return app


def answer(services: Services, endpoint: Endpoint, event: Mapping[str, Any], context: Any) -> Answer:
    """What `endpoint` answers to an event whose headers are normal already; never raises."""
    headers = event["headers"]
    with services.telemetry.during(request_id_of(event, context)):
        try:
            caller = _admit(services, endpoint, headers)
            return endpoint.view(services, caller, _request(services, endpoint.dialect, event, context))
        except TracingError as error:
            if isinstance(error, StoreError):
                _tell_operator(services, endpoint, error)
            return refusal(endpoint.dialect, headers, error)
        except Exception as error:  # noqa: BLE001  # the last line of defence: a sender must learn whether to repeat
            services.telemetry.failure(f"{endpoint.method} {endpoint.path} failed", error)
            return refusal(endpoint.dialect, headers, _unexpected(endpoint))


def _by_path(endpoints: Iterable[Endpoint]) -> dict[str, dict[str, Endpoint]]:
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return paths


def _guarded(app: TraceApp, services: Services, endpoint: Endpoint) -> Callable[..., ChaliceResponse]:
    def view(**_path_params: str) -> ChaliceResponse:
        event = _event(app)
        return _response(services, event["headers"], answer(services, endpoint, event, app.lambda_context))

    return view


def _preflight(app: TraceApp, services: Services, allowed: tuple[str, ...]) -> Callable[..., ChaliceResponse]:
    def view(**_path_params: str) -> ChaliceResponse:
        headers = _event(app)["headers"]
        granted = cors.preflight_headers(services.settings.cors_origins, headers, allowed)
        allow = {"allow": ", ".join(allowed)}
        return _response(services, headers, Answer(status=204, media_type=None, headers=allow | granted))

    return view


def _not_allowed(
    app: TraceApp, services: Services, dialect: Dialect, allowed: tuple[str, ...]
) -> Callable[..., ChaliceResponse]:
    def view(**_path_params: str) -> ChaliceResponse:
        event = _event(app)
        error = MethodNotAllowed(event["requestContext"]["httpMethod"], allowed)
        return _response(services, event["headers"], refusal(dialect, event["headers"], error))

    return view


def _event(app: TraceApp) -> dict[str, Any]:
    request = app.current_request
    assert request is not None  # Chalice calls views only from within __call__
    return request.to_original_event()


def _completed(event: Mapping[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """A copy with every key that Chalice reads without asking."""
    return {
        **event,
        "headers": headers,
        "multiValueHeaders": None,
        "multiValueQueryStringParameters": query_of(event),
        "queryStringParameters": None,
        "pathParameters": path_params_of(event),
        "body": event.get("body"),
        "stageVariables": event.get("stageVariables"),
    }


def _admit(services: Services, endpoint: Endpoint, headers: Mapping[str, str]) -> Principal | None:
    return None if isinstance(endpoint.scope, Open) else services.gate.admit(headers, endpoint.scope)


def _request(services: Services, dialect: Dialect, event: Mapping[str, Any], context: Any) -> Request:
    proxy = event["requestContext"]
    return Request(
        method=proxy["httpMethod"],
        path=str(event.get("path") or proxy["resourcePath"]),
        path_params=event["pathParameters"],
        headers=event["headers"],
        query=event["multiValueQueryStringParameters"],
        body=body_of(event, services.settings.max_body_bytes, dialect.name),
        request_id=request_id_of(event, context),
        deadline=Deadline(services.now_ns() + millis_left(context) * 1_000_000, services.now_ns),
    )


def _tell_operator(services: Services, endpoint: Endpoint, error: StoreError) -> None:
    """What the sender does not learn: which operation on which table, and why. Throttling is no fault in the code."""
    asked = f"{endpoint.method} {endpoint.path}"
    if not isinstance(error, StoreThrottled):
        services.telemetry.failure(f"{asked} failed at the store", error)
        return
    fields = {"status": error.status, "notes": getattr(error, "__notes__", [])}
    services.telemetry.warning(f"{asked} was throttled by the store", fields)


def _unexpected(endpoint: Endpoint) -> TracingError:
    """OTLP clients repeat after 503 and never after 500; nothing was acknowledged, so nothing is lost by asking."""
    if endpoint.scope is Scope.INGEST:
        return StoreError("these spans could not be taken just now; send them again")
    return TracingError("something went wrong on our side; it has been logged")


def _response(services: Services, headers: Mapping[str, str], answered: Answer) -> ChaliceResponse:
    shared = cors.answer_headers(services.settings.cors_origins, headers)
    return ChaliceResponse(
        body=answered.body,
        status_code=answered.status,
        headers={**_media_type(answered), **STANDING_HEADERS, **shared, **answered.headers},
    )


def _proxy_answer(answered: Answer) -> dict[str, Any]:
    response = ChaliceResponse(
        body=answered.body, status_code=answered.status, headers={**_media_type(answered), **STANDING_HEADERS}
    )
    return response.to_dict(["*/*"])


def _media_type(answered: Answer) -> dict[str, str]:
    return {"content-type": answered.media_type} if answered.media_type is not None else {}


def _error_body(code: str, message: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message}}
