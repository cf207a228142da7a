"""The deployed functions: each a TracerProvider of its own, with the resource that Lambda would give it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from examples.shop.clock import Clock

REGION = "eu-west-1"
ACCOUNT = "111122223333"

Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that leaves a function: what its span is named and says, and about how long it takes."""

    name: str
    kind: SpanKind
    attributes: Attributes
    about_ms: float


class Function:
    """One function of the shop. Its first invocation is a cold start; it sends its spans after each."""

    def __init__(self, name: str, sender: SpanProcessor, clock: Clock, random: Random) -> None:
        self.name = name
        self._clock = clock
        self._random = random
        self._cold = True
        self._provider = TracerProvider(resource=_resource(name, random), shutdown_on_exit=False)
        self._provider.add_span_processor(sender)
        self._tracer = self._provider.get_tracer(f"shop.{name}", "1.0.0")

    @contextmanager
    def invocation(
        self, name: str, kind: SpanKind, attributes: Attributes, parent: Context | None, links: list[Link] | None = None
    ) -> Iterator[Span]:
        """The span of one invocation; open calls and steps inside. An exception ends it and goes no further."""
        cold, self._cold = self._cold, False
        begun = self._clock.pass_ms(3)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-{self.name}"
        own = {"faas.invocation_id": _request_id(self._random), "faas.coldstart": cold, "cloud.resource_id": arn}
        span = self._tracer.start_span(
            name, parent or Context(), kind, {**own, **attributes}, links=links or [], start_time=begun
        )
        with trace.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            if cold:
                self.call(Call(name="init", kind=SpanKind.INTERNAL, attributes={}, about_ms=380))
            try:
                yield span
            except ShopError as error:
                self._fail(span, error)
        span.end(self._clock.pass_ms(1))

    @contextmanager
    def step(self, name: str, attributes: Attributes) -> Iterator[Span]:
        """Work inside an invocation. An exception is recorded on it and goes on."""
        span = self._tracer.start_span(name, attributes=attributes, start_time=self._clock.pass_ms(0.4))
        with trace.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except ShopError as error:
                self._fail(span, error)
                span.end(self._clock.pass_ms(0.2))
                raise
        span.end(self._clock.pass_ms(0.4))

    def call(self, made: Call) -> dict[str, str]:
        """One span for a call; answers the headers that carry its context onward."""
        span = self._tracer.start_span(
            made.name, kind=made.kind, attributes=made.attributes, start_time=self._clock.pass_ms(0.3)
        )
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(span))
        span.end(self._clock.pass_ms(made.about_ms))
        return carrier

    @contextmanager
    def calling(self, made: Call) -> Iterator[dict[str, str]]:
        """A call that waits for another function: its headers, while it is open."""
        span = self._tracer.start_span(
            made.name, kind=made.kind, attributes=made.attributes, start_time=self._clock.pass_ms(0.3)
        )
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(span))
        yield carrier
        span.end(self._clock.pass_ms(made.about_ms))

    def flush(self) -> bool:
        """Send what is waiting, as Lambda instrumentation does before a function is frozen."""
        return self._provider.force_flush()

    def shut_down(self) -> None:
        """Send the rest and stop the SDK's threads."""
        self._provider.shutdown()

    def _fail(self, span: Span, error: "ShopError") -> None:
        span.record_exception(error, timestamp=self._clock.pass_ms(0.1))
        span.set_status(Status(StatusCode.ERROR, str(error)))


class ShopError(Exception):
    """Something that goes wrong in the shop now and then."""


class PaymentDeclined(ShopError):
    """The bank said no."""


class OutOfStock(ShopError):
    """Somebody else was quicker."""


def context_of(carrier: Mapping[str, str]) -> Context:
    """The context that a request's headers or a message's attributes carry."""
    return TraceContextTextMapPropagator().extract(dict(carrier))


def link_to(carrier: Mapping[str, str]) -> Link:
    """A link to the span that sent a message."""
    return Link(trace.get_current_span(context_of(carrier)).get_span_context())


def _resource(name: str, random: Random) -> Resource:
    return Resource.create(
        {
            "service.name": name,
            "cloud.provider": "aws",
            "cloud.platform": "aws_lambda",
            "cloud.region": REGION,
            "faas.name": f"shop-{name}",
            "faas.version": "7",
            "faas.instance": f"2026/11/22/[7]{random.getrandbits(128):032x}",
            "faas.max_memory": 512 * 1024 * 1024,
        }
    )


def _request_id(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
