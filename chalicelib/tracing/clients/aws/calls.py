"""One call of AWS, however often botocore tries it: its span, from the parameters to the answer.

Semantic conventions: cloud-providers/aws-sdk, rpc, messaging, database/dynamodb, faas (1.44). A streamed body or event
stream is read after the call: the span ends when its beginning has come.
"""

from ....propagation.joins import MAX_JOINS, SENT
from ...span import CLIENT, ERROR, PRODUCER
from ..http.urls import authority
from .injection import INJECT, Injection
from .services import HAND_ON, service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ....propagation.context import TraceContext
    from ...span import Span
    from ...tracer import Tracer
    from .service import Answer, Attributes, Params, Service

RETRY = "retry"  # an event: an attempt failed, and there was another
RESENT = "http.request.resend_count"
NEVER_SENT = "the call failed before it was sent"


class Call:
    """What is remembered from the parameters to the answer.

    `given`: the parameters as the caller has them; `copied`: our copy, of which only keys are set. `failure`: what the
    last attempt came to, told if there is another. `outer`: what was under way before (see .hooks). `xray`: our header.

    Nobody holds a Call but the call itself: where botocore raises before it sends (a parameter is wrong), no hook is
    told, and the span ends when the call is forgotten.
    """

    __slots__ = (
        "__weakref__", "copied", "failure", "given", "operation", "outer", "params",
        "prepared_ns", "service", "service_id", "span", "tracer", "xray",
    )  # fmt: skip

    def __init__(self, tracer: "Tracer", model: "Any", params: "Params", parent: "Span | None", region: str) -> None:
        self.tracer = tracer
        self.service_id: str = model.service_model.service_id
        self.operation: str = model.name
        self.service: Service = service(self.service_id)
        self.given = params
        self.copied = dict(params)
        self.params = params
        self.failure: Attributes | None = None
        self.outer: Any = None
        self.xray = ""
        self.prepared_ns = 0
        named: dict[str, Any] = {"parent": parent} if parent is not None else {}
        self.span: Span = tracer.start_span(f"{self.service_id}.{self.operation}", kind=CLIENT, **named)
        if self.span.is_recording:
            self._describe(region)

    def _describe(self, region: str) -> None:
        self.span.set_attributes(
            {
                "rpc.system": "aws-api",
                "rpc.service": self.service_id,
                "rpc.method": self.operation,
                "cloud.region": region or None,
            }
        )

    def prepare(self, params: "Params", members: "frozenset[str]") -> None:
        """Put the context into the parameters, and say on the span what they are about."""
        self.params = params
        self.prepared_ns = self.tracer.now_ns()
        if self.span.trace_id:
            self._inject(members)
        if self.span.is_recording:
            try:  # noqa: SIM105  # contextlib is not imported for this
                self._tell_parameters()
            except (TypeError, AttributeError, KeyError, ValueError):
                pass  # of a wrong type: botocore will say so

    def _inject(self, members: "frozenset[str]") -> None:
        fill = self.service.fills.get(self.operation)
        if fill is None:
            return
        injection = Injection(self.span, self.tracer, members)
        self.xray = injection.xray
        if not injection.fields:
            return
        if self.params is self.given:  # another hook answered with the caller's own dict
            self.span.set_attribute(INJECT, "skipped: the parameters are not ours to change")
            return
        try:
            fill(injection, self.params)
        except Exception as error:
            # Wrong types: botocore will say so to the caller. Parameters are set last, so they are as they were.
            self.span.set_attribute(INJECT, f"skipped: {type(error).__name__}")
            return
        injection.tell()
        if injection.carried and self.operation in self.service.sends:
            self.span.kind = PRODUCER

    def _tell_parameters(self) -> None:
        params, known = self.params, self.service
        span = self.span
        for name, attribute in known.attributes.items():
            value = params.get(name)
            if isinstance(value, str | int | bool):
                span.set_attribute(attribute, value)
        span.set_attributes(known.describe(self.operation, params))
        if self.service_id == "Lambda" and "faas.invoked_name" in span.attributes:
            span.attributes.setdefault("faas.invoked_region", span.attributes.get("cloud.region", ""))
        verb = known.verbs.get(self.operation)
        destination = known.destination(params) if verb else ""
        if destination:
            span.update_name(f"{verb} {destination}")

    def leave(self, request: "Any") -> None:
        """The request is made: say where it goes, and hand our X-Ray header to what hands it on.

        botocore sets that header itself, to the invocation's, where it is not set yet.
        """
        host, port = authority(str(request.get("url") or ""))
        if host:
            self.span.set_attributes({"server.address": host, "server.port": port or None})
        if self.xray and self.operation in HAND_ON.get(self.service_id, ()):
            request["headers"].setdefault("X-Amzn-Trace-Id", self.xray)

    def again(self, attempt: int) -> None:
        """Another attempt is made; the one before is told as an event."""
        if self.failure is not None and attempt > 1:
            self.span.add_event(RETRY, {"attempt": attempt - 1, **self.failure})
        self.failure = None

    def attempted(self, answer: "Answer | None", error: BaseException | None) -> None:
        """What an attempt came to."""
        if error is not None:
            self.failure = {"error.type": type(error).__name__}
        elif answer is not None and answer.get("Error"):
            self.failure = {"error.type": str(answer["Error"].get("Code") or "_OTHER"), **_status(answer)}

    def answer(self, status: int, answer: "Answer") -> None:
        """AWS has answered, whatever it says."""
        span, metadata = self.span, answer.get("ResponseMetadata", {})
        span.set_attributes(
            {
                "http.response.status_code": status,
                "aws.request_id": metadata.get("RequestId") or None,
                RESENT: metadata.get("RetryAttempts") or None,
            }
        )
        if status >= 300:
            self._tell_error(status, answer.get("Error") or {})
        elif span.is_recording:
            self._learn(answer)
        span.end()

    def _tell_error(self, status: int, error: "Answer") -> None:
        self.span.set_attribute("error.type", str(error.get("Code") or status))
        self.span.set_status(ERROR, str(error.get("Message") or error.get("Code") or status))

    def _learn(self, answer: "Answer") -> None:
        known, span = self.service, self.span
        span.set_attributes(
            {key: value for key, value in known.learn(self.operation, self.params, answer).items() if value != ""}
        )
        if "error.type" in span.attributes:
            span.set_status(ERROR, str(span.attributes["error.type"]))
        self._tell_failures(answer)
        for context in self._producers(answer):
            span.add_link(context)
        joins = known.joins[self.operation](self.params, answer) if self.operation in known.joins else []
        if joins:
            span.set_attribute(SENT, joins[:MAX_JOINS])
            span.dropped_attributes += len(joins) > MAX_JOINS

    def _producers(self, answer: "Answer") -> "list[TraceContext]":
        found = self.service.producers.get(self.operation)
        return found(answer) if found else []

    def _tell_failures(self, answer: "Answer") -> None:
        """Entries of a batch that failed alone."""
        key, code = self.service.failures.get(self.operation, ("", ""))
        failed = [entry[code] for entry in answer.get(key) or () if entry.get(code)]
        if failed:
            self.span.set_attributes({"error.type": str(failed[0]), "spanfold.failed_entries": len(failed)})
            self.span.set_status(ERROR, f"{len(failed)} of the entries failed: {failed[0]}")

    def fail(self, error: BaseException, attempts: int) -> None:
        """No answer: a timeout, no connection, no credentials, an answer that cannot be read."""
        if attempts > 1:
            self.span.set_attribute(RESENT, attempts - 1)
        self.span.fail(error)
        self.span.end()

    def __del__(self) -> None:
        """Forgotten before it was sent."""
        try:
            span = self.span
            if not span.end_ns:
                span.set_attribute("error.type", "_OTHER")
                span.set_status(ERROR, NEVER_SENT)
                span.end(self.prepared_ns)
        except Exception:  # half made
            pass


def _status(answer: "Answer") -> "Attributes":
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return {"http.response.status_code": status} if status else {}
