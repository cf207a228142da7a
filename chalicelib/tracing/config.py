"""What the environment says of tracing: OpenTelemetry's variables where there is one, SPANFOLD_… for the rest.

OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter Configuration" (read November
2026). A value that cannot be read counts as not set, and is told on the first invocation's span (`Config.problems`).

    OTEL_SDK_DISABLED               true: as if nothing were traced; no context travels either
    OTEL_SERVICE_NAME               the service's name; without it the function's
    OTEL_RESOURCE_ATTRIBUTES        k=v,k=v, percent-encoded
    OTEL_PROPAGATORS                what is written (without it W3C's formats); all formats are read
    OTEL_TRACES_SAMPLER, …_ARG      always_on, always_off, traceidratio, parentbased_… (parentbased_always_on)
    OTEL_EXPORTER_OTLP_ENDPOINT     the base URL; …_TRACES_ENDPOINT the whole one; likewise …_HEADERS and …_TIMEOUT (ms)
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, OTEL_SPAN_EVENT_COUNT_LIMIT, OTEL_SPAN_LINK_COUNT_LIMIT,
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT, OTEL_ATTRIBUTE_COUNT_LIMIT, OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT
    SPANFOLD_EXPORTER               stdout, otel-stdout, http, sqs or none
    SPANFOLD_QUEUE_URL              where `sqs` sends
    SPANFOLD_PARENT                 single (a batch of one message, or one trace, has it as its parent), record (each
                                    record's span continues its producer's trace as well) or always-link
    SPANFOLD_INJECT                 opt-ins, and opt-outs with a minus: kinesis,-eventbridge-detail
    SPANFOLD_START_LINE             0: `stdout` does not announce an invocation
    SPANFOLD_TIMEOUT_MARGIN_MS      how long before the end of a function's time its open spans are sent; 0: never
    SPANFOLD_LOG_CORRELATION        0: log records are left alone
"""

from .span import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from ..propagation.composite import Format

    Read = TypeVar("Read")
    Number = TypeVar("Number", int, float)

EXPORTERS = ("stdout", "otel-stdout", "http", "sqs", "none")
SAMPLERS = (
    "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off",
    "parentbased_traceidratio",
)  # fmt: skip
PARENTS = ("single", "record", "always-link")
DEFAULT_ENDPOINT = "http://localhost:4318"  # OTLP Exporter Configuration
DEFAULT_TIMEOUT_MS = 10_000  # the same
LINES_MARGIN_MS = 100  # a thousand spans as lines take a small function a tenth of that
NETWORK_MARGIN_MS = 500
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Config:
    """What tracing is to do, of a mapping like os.environ. Raises nothing. Not changed once it is made.

    `timeout_ns`: what one export may take, if the function has that long. `timeout_margin_ns`: 0 for no guard.
    `inject`: the opt-ins in lower case, and the opt-outs with their minus. `ratio`: the samplers' argument. `problems`:
    what could not be read.
    """

    __slots__ = (
        "_propagators", "endpoint", "exporter", "function_name", "headers", "initialization", "inject",
        "is_disabled", "is_lambda", "limits", "log_correlation", "parent", "problems", "queue_url",
        "ratio", "resource_attributes", "sampler", "service_name", "start_line", "timeout_margin_ns", "timeout_ns",
    )  # fmt: skip

    def __init__(self, environ: "Mapping[str, str]") -> None:
        read = _Reader(environ)
        self.problems = read.problems
        self.function_name = read.text("AWS_LAMBDA_FUNCTION_NAME")
        self.is_lambda = bool(self.function_name)
        self.initialization = read.text("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand" if self.is_lambda else "")
        self.is_disabled = read.flag("OTEL_SDK_DISABLED", default=False)
        self.resource_attributes = read.pairs("OTEL_RESOURCE_ATTRIBUTES")
        self.service_name = _service_name(read, dict(self.resource_attributes), self.function_name)
        self._propagators = read.text("OTEL_PROPAGATORS")
        self.sampler = read.choice("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on")
        self.ratio = read.number("OTEL_TRACES_SAMPLER_ARG", 1.0, 0.0, 1.0) if self.sampler.endswith("ratio") else 1.0
        self.limits = _limits(read)
        self.endpoint = _endpoint(read)
        self.headers = read.pairs("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or read.pairs("OTEL_EXPORTER_OTLP_HEADERS")
        self.timeout_ns = _timeout_ns(read)
        self.queue_url = read.text("SPANFOLD_QUEUE_URL")
        self.exporter = read.choice("SPANFOLD_EXPORTER", EXPORTERS, _exporter(read, is_lambda=self.is_lambda))
        self.start_line = read.flag("SPANFOLD_START_LINE", default=True)
        self.parent = read.choice("SPANFOLD_PARENT", PARENTS, "single")
        self.inject = frozenset(read.list("SPANFOLD_INJECT"))
        margin_ms = NETWORK_MARGIN_MS if self.exporter in ("http", "sqs") else LINES_MARGIN_MS
        self.timeout_margin_ns = read.count("SPANFOLD_TIMEOUT_MARGIN_MS", margin_ms, 900_000) * 1_000_000
        self.log_correlation = read.flag("SPANFOLD_LOG_CORRELATION", default=True)

    @property
    def propagators(self) -> "tuple[Format, ...]":
        """The formats that are written: W3C's, or those that OTEL_PROPAGATORS names; () for `none`. All are read."""
        from ..propagation import composite  # noqa: PLC0415  # only where something is sent

        return composite.named(self._propagators) if self._propagators else composite.SENT


class _Reader:
    """Values of an environment, each read leniently. Of texts only what was set and is not blank counts."""

    __slots__ = ("_environ", "problems")

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def flag(self, name: str, *, default: bool) -> bool:
        return self._read(name, default, lambda text: _FLAGS[text.lower()])

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        return self._read(name, default, lambda text: choices[choices.index(text.lower())])

    def count(self, name: str, default: int, most: int = 1 << 31) -> int:
        return self._read(name, default, lambda text: _within(int(text), 0, most))

    def number(self, name: str, default: float, least: float, most: float) -> float:
        return self._read(name, default, lambda text: _within(float(text), least, most))

    def list(self, name: str) -> "list[str]":
        return [part.strip().lower() for part in self.text(name).split(",") if part.strip()]

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """`k=v,k2=v2` as OpenTelemetry writes it: a W3C baggage without properties."""
        parts = [part.partition("=") for part in self.text(name).split(",") if part.strip()]
        if any(not equals or not key.strip() for key, equals, _ in parts):
            self.problems.append(f"{name} is not a list of key=value")
        return tuple((_decoded(key), _decoded(value)) for key, equals, value in parts if equals and key.strip())

    def _read(self, name: str, default: "Read", parse: "Callable[[str], Read]") -> "Read":
        text = self.text(name)
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, KeyError, OverflowError):
            self.problems.append(f"{name}={text[:64]!r} is not understood")
            return default


def _within(value: "Number", least: "Number", most: "Number") -> "Number":
    if not least <= value <= most:
        raise ValueError(value)
    return value


def _decoded(text: str) -> str:
    text = text.strip()
    if "%" not in text:
        return text
    from urllib.parse import unquote  # noqa: PLC0415

    return unquote(text)


def _service_name(read: _Reader, attributes: "Mapping[str, str]", function_name: str) -> str:
    found = read.text("OTEL_SERVICE_NAME") or attributes.get("service.name", "")
    return found or function_name or "unknown_service:python"


def _limits(read: _Reader) -> Limits:
    attributes = read.count("OTEL_ATTRIBUTE_COUNT_LIMIT", 128)
    characters = read.count("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 4096)
    return Limits(
        attributes=read.count("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", attributes),
        events=read.count("OTEL_SPAN_EVENT_COUNT_LIMIT", 128),
        links=read.count("OTEL_SPAN_LINK_COUNT_LIMIT", 128),
        value_characters=read.count("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", characters),
        item_attributes=attributes,
    )


def _endpoint(read: _Reader) -> str:
    base = read.text("OTEL_EXPORTER_OTLP_ENDPOINT", DEFAULT_ENDPOINT)
    return read.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or f"{base.rstrip('/')}/v1/traces"


def _timeout_ns(read: _Reader) -> int:
    common = read.count("OTEL_EXPORTER_OTLP_TIMEOUT", DEFAULT_TIMEOUT_MS)
    return read.count("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", common) * 1_000_000


def _exporter(read: _Reader, *, is_lambda: bool) -> str:
    """Lines in Lambda; elsewhere nobody reads them, so only where an endpoint was named does anything leave."""
    if is_lambda:
        return "stdout"
    named = read.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or read.text("OTEL_EXPORTER_OTLP_ENDPOINT")
    return "http" if named else "none"
