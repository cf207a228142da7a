"""One invocation of a function, from its event to its answer.

The spans: those of the gateway or queue in between (.origins), the invocation's own (SERVER), `init <function>` beneath
it where the caller waited for a cold start, `process <source>` beneath it for a batch (.batches), and the function's.

Attributes: OpenTelemetry semantic conventions 1.44, "FaaS" and "Instrumenting AWS Lambda" (read November 2026).
"""

import os

from ..propagation.joins import MAX_JOINS, RECEIVED
from ..propagation.triggers.invoked import Invoked
from ..propagation.triggers.recognise import recognise
from . import batches, logs, resource
from .answers import failures, status_code
from .current import BAGGAGE, INVOCATION, PARENT, restore
from .origins import infer, infer_others, origin
from .recording import Recording
from .span import ERROR, SERVER, Span
from .unfinished import unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token

    from ..propagation.baggage import Members
    from ..propagation.context import TraceContext
    from ..propagation.triggers.trigger import Trigger
    from .batches import Batch
    from .origins import Origin
    from .timeout import Guard
    from .tracer import Tracer

XRAY_VARIABLE = "_X_AMZN_TRACE_ID"
NAME_VARIABLE = "AWS_LAMBDA_FUNCTION_NAME"
MS = 1_000_000
ARN_PARTS = 7  # arn:aws:lambda:<region>:<account>:function:<name>, and a qualifier as the eighth
ANSWER_NS = 20 * MS  # of the function's time that an export leaves for the answer


class Invocation:
    """See `begin`. `active`: the span that the function's own are children of. `caught`: an exception that a framework
    has made an answer of.
    """

    __slots__ = (
        "_guard", "_inferred", "_is_first", "_tokens", "_tracer", "active", "batch", "caught", "deadline_ns", "event",
        "lambda_context", "recording", "request_id", "span", "trigger",
    )  # fmt: skip

    def __init__(self, tracer: "Tracer", event: object, lambda_context: object) -> None:
        start_ns = tracer.now_ns()
        told = _told(lambda_context)
        self._tracer = tracer
        self.event = event
        self.lambda_context = lambda_context
        self.request_id = told.request_id
        self.caught: BaseException | None = None
        self.deadline_ns = _deadline_ns(lambda_context, start_ns)
        self.trigger: Trigger = recognise(event, told)
        self.recording = Recording(tracer.config.limits, tracer, told.request_id, tracer.loose)
        found = origin(self.trigger, tracer.config.parent)
        self._inferred = infer(tracer, found.parent, found.inferred, start_ns, self.recording)
        self.span = self._own_span(found, told, start_ns)
        self._is_first = tracer.sandbox.enter()
        self._note_cold_start(start_ns)
        self.batch = self._begin_batch(found, start_ns)
        self.active = self.batch.span if self.batch else self.span
        self._tokens = self._enter()
        self._guard: Guard | None = None

    def is_of(self, event: object, lambda_context: object) -> bool:
        """Whether these are its own."""
        return self.lambda_context is lambda_context and (lambda_context is not None or self.event is event)

    def start(self) -> None:
        """Say that it begins, and watch its time."""
        if self._is_first and self._tracer.config.log_correlation:
            logs.correlate_if_used()
        if self.span.is_recording:
            self._tracer.announce(self.span, self.request_id, self._until_ns())
            self._guard = self._watch()

    def _own_span(self, found: "Origin", told: Invoked, start_ns: int) -> Span:
        trigger = self.trigger
        span = self._tracer.start_span(
            trigger.name or told.function_name or "invocation",
            kind=SERVER,
            parent=self._inferred[-1] if self._inferred else found.parent,
            links=_links(trigger, found),
            attributes={"faas.trigger": trigger.faas_trigger, **_attributes(told, self.lambda_context)},
            start_ns=start_ns,
            recording=self.recording,
        )
        span.set_attributes(trigger.attributes)
        if trigger.joins:
            span.set_attribute(RECEIVED, list(trigger.joins[:MAX_JOINS]))
        return span

    def _note_cold_start(self, start_ns: int) -> None:
        """`faas.coldstart`; of the first invocation how the sandbox came to be, and `init` if it was waited for."""
        tracer, sandbox = self._tracer, self._tracer.sandbox
        self.span.set_attribute("faas.coldstart", self._is_first and sandbox.is_cold)
        if not self._is_first or not tracer.config.is_lambda:
            return
        tracer.resource = resource.restored(tracer.resource, os.environ, tracer.config)
        self.span.set_attribute("spanfold.init.type", sandbox.initialization)
        self.span.set_attribute("spanfold.init.duration_ms", sandbox.init_duration_ms())
        began_ns, ended_ns = sandbox.init_span(start_ns)
        if began_ns:
            name = f"init {tracer.config.function_name}"
            tracer.start_span(name, parent=self.span, start_ns=began_ns, recording=self.recording).end(ended_ns)

    def _begin_batch(self, found: "Origin", start_ns: int) -> "Batch | None":
        known = self.trigger.records
        if not len(known):
            return None
        infer_others(self._tracer, known, found.position, start_ns, self.recording)
        return batches.begin(self._tracer, self.trigger, self.span, start_ns, self.recording)

    def _enter(self) -> "tuple[Token[Span | TraceContext | None], Token[Invocation | None], Token[Members]]":
        self._tracer.invocations[id(self)] = self
        known = self.trigger.records
        baggage = known[0].baggage if len(known) == 1 else self.trigger.baggage
        return PARENT.set(self.active), INVOCATION.set(self), BAGGAGE.set(tuple(baggage))

    def answer(self, answer: object) -> None:
        """The handler returned."""
        if self.batch is None:  # a function that is invoked directly may answer like one behind a gateway
            self._note_status(status_code(answer, self.trigger.kind))
        elif self.trigger.is_partial:
            named = failures(answer, [record.identifier for record in self.batch.records], self.trigger.kind)
            self.batch.mark(named)
            if named.is_whole:
                self.span.set_attribute("spanfold.batch.unknown_identifier", value=True)

    def fail(self, error: BaseException) -> None:
        """The handler raised."""
        self.span.fail(error)
        if self.batch is not None:
            self.batch.fail(error)
        for span in self._inferred:
            if not span.end_ns:
                span.set_status(ERROR)
                span.set_attribute("error.type", type(error).__name__)

    def _note_status(self, code: int) -> None:
        if not code:
            return
        failed = self.caught if code >= 500 else None
        for span in (*self._inferred, self.span):
            if span.is_recording:
                span.set_attribute("http.response.status_code", code)
                if code >= 500:
                    span.set_attribute("error.type", str(code))
                    span.set_status(ERROR)
        if failed is not None:
            self.span.fail(failed)

    def end(self) -> None:
        """End what is open, and send everything. To be called once, whatever happened."""
        tracer = self._tracer
        for step in (self._stop_watching, self._end_spans, self._leave, self._send):
            try:
                step()
            except Exception as error:  # the others have to be taken all the same
                tracer.swallow(error, "end")

    def _stop_watching(self) -> None:
        if self._guard is not None:
            self._guard.cancel()

    def _end_spans(self) -> None:
        if self.batch is not None:
            self.batch.close()
        self._tracer.tell_errors(self.span)
        end_ns = self._tracer.now_ns()
        for span in (self.span, *reversed(self._inferred)):
            span.end(end_ns)

    def _leave(self) -> None:
        parent, invocation, baggage = self._tokens
        restore(PARENT, parent)
        restore(INVOCATION, invocation)
        restore(BAGGAGE, baggage)
        self._tracer.invocations.pop(id(self), None)
        self.caught = None  # its traceback holds the frames that hold this

    def _send(self) -> None:
        recording = self.recording
        recording.is_closed = True
        left = [unfinished(span, "answered") for span in list(recording.open.values())]
        spans = recording.take() + self._tracer.loose.take() + left
        if spans:
            self._tracer.send(spans, self.request_id, is_last=True, until_ns=self._until_ns())

    def _until_ns(self) -> int:
        """When an export that begins now has to be over."""
        at_most_ns = self._tracer.now_ns() + self._tracer.config.timeout_ns
        return min(at_most_ns, self.deadline_ns - ANSWER_NS) if self.deadline_ns else at_most_ns

    def _watch(self) -> "Guard | None":
        margin_ns = self._tracer.config.timeout_margin_ns
        left_ns = self.deadline_ns - self._tracer.now_ns()
        if not self.deadline_ns or not margin_ns or left_ns <= 0:
            return None
        from .timeout import guard  # noqa: PLC0415  # only where there is a deadline

        return guard(max(left_ns - margin_ns, left_ns // 2), self._give_up)

    def _give_up(self) -> None:
        """The time is nearly over. If the function answers all the same, what is sent then replaces this."""
        tracer = self._tracer
        try:
            recording = self.recording
            left = [unfinished(span, "timeout") for span in list(recording.open.values())]
            for span in left:
                if span.span_id == self.span.span_id:
                    span.attributes.update({"spanfold.errors": tracer.errors} if tracer.errors else {})
            spans = [*recording.take(), *recording.held, *left]
            tracer.send(spans, self.request_id, until_ns=self.deadline_ns or tracer.now_ns() + ANSWER_NS)
        except Exception as error:
            tracer.swallow(error, "timeout")


def begin(tracer: "Tracer", event: object, lambda_context: object) -> Invocation | None:
    """An invocation that has begun, its span current; None where one is under way already, or something failed here.

    A Chalice app that is traced as a whole runs its middleware within: that is the same invocation.
    """
    try:
        known = INVOCATION.get()
        if known is not None and known.is_of(event, lambda_context):
            return None
        invocation = Invocation(tracer, event, lambda_context)
    except Exception as error:
        tracer.swallow(error, "begin")
        return None
    try:
        invocation.start()
    except Exception as error:
        tracer.swallow(error, "start")
    return invocation


def _told(lambda_context: object) -> Invoked:
    return Invoked(
        request_id=_text(getattr(lambda_context, "aws_request_id", "")),
        client_context=getattr(lambda_context, "client_context", None),
        xray_header=os.environ.get(XRAY_VARIABLE, ""),
        invoked_arn=_text(getattr(lambda_context, "invoked_function_arn", "")),
        function_name=_text(getattr(lambda_context, "function_name", ""))
        or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
    )


def _attributes(told: Invoked, lambda_context: object) -> "dict[str, object]":
    found: dict[str, object] = {"faas.invocation_id": told.request_id or None}
    parts = told.invoked_arn.split(":")
    if len(parts) >= ARN_PARTS:
        version = getattr(lambda_context, "function_version", None) or parts[-1]
        resolved = [*parts[:ARN_PARTS], *([_text(version)] if len(parts) > ARN_PARTS else [])]
        found["aws.lambda.invoked_arn"] = told.invoked_arn
        found["cloud.resource_id"] = ":".join(resolved)
        found["cloud.account.id"] = parts[4]
    return found


def _links(trigger: "Trigger", found: "Origin") -> "list[TraceContext]":
    """What the trigger knows beside its parent: X-Ray's own span, an event that a retry repeats, another format's."""
    others = [context for context in trigger.contexts if context.is_complete and context is not found.parent]
    return [*trigger.links, *others]


def _deadline_ns(lambda_context: object, now_ns: int) -> int:
    """When Lambda stops the function; 0 where it does not."""
    remaining = getattr(lambda_context, "get_remaining_time_in_millis", None)
    if not callable(remaining):
        return 0
    try:
        return now_ns + int(remaining() * MS)
    except (TypeError, ValueError, ArithmeticError):
        return 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
