"""Ways out of a function: a log line, OTLP over HTTP, a queue. Each is imported when it is chosen."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from .port import Exporter

    class Choice(Protocol):
        """What of the library's configuration (../config.py) the exporters read."""

        @property
        def exporter(self) -> str:
            """SPANFOLD_EXPORTER, or what it is without."""

        @property
        def endpoint(self) -> str:
            """Where OTLP is posted to, with its path (`https://host/v1/traces`)."""

        @property
        def headers(self) -> Sequence[tuple[str, str]]:
            """Sent with each post."""

        @property
        def timeout_ns(self) -> int:
            """What one flush may take, if the function has that long."""

        @property
        def queue_url(self) -> str:
            """Where the queue exporter sends."""

        @property
        def service_name(self) -> str:
            """Who writes the spans."""

        @property
        def start_line(self) -> bool:
            """Whether an invocation is announced."""


def choose(config: "Choice") -> "Exporter":
    """The exporter that `config.exporter` names. Raises ValueError for a name that none has."""
    if config.exporter not in _EXPORTERS:
        raise ValueError(f"no exporter {config.exporter!r}; there are {', '.join(_EXPORTERS)}")
    return _EXPORTERS[config.exporter](config)


def _stdout(config: "Choice") -> "Exporter":
    from .stdout import StdoutExporter  # noqa: PLC0415

    return StdoutExporter(start_line=config.start_line)


def _otel_stdout(config: "Choice") -> "Exporter":
    from .otel_stdout import OtelStdoutExporter  # noqa: PLC0415

    return OtelStdoutExporter(source=config.service_name, endpoint=config.endpoint)


def _http(config: "Choice") -> "Exporter":
    from .http import HttpExporter  # noqa: PLC0415

    return HttpExporter(config.endpoint, config.headers, timeout_ns=config.timeout_ns)


def _sqs(config: "Choice") -> "Exporter":
    from .sqs import SqsExporter  # noqa: PLC0415

    return SqsExporter(config.queue_url)


def _none(_config: "Choice") -> "Exporter":
    from .none import NoExporter  # noqa: PLC0415

    return NoExporter()


_EXPORTERS: "dict[str, Callable[[Choice], Exporter]]" = {
    "stdout": _stdout,
    "otel-stdout": _otel_stdout,
    "http": _http,
    "sqs": _sqs,
    "none": _none,
}
