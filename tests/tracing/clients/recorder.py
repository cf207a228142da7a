"""A tracer whose spans stay where a test can see them."""

from collections.abc import Mapping

from chalicelib.tracing.config import Config
from chalicelib.tracing.exporters.none import NoExporter
from chalicelib.tracing.span import Span
from chalicelib.tracing.tracer import Tracer


class Recorder(Tracer):
    """What ended is in `spans`, in that order; open spans are in `still_open`."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(Config(environ or {}), NoExporter())

    @property
    def spans(self) -> list[Span]:
        return self.loose.finished

    @property
    def still_open(self) -> list[Span]:
        return list(self.loose.open.values())

    def only(self) -> Span:
        (span,) = self.spans
        return span

    def named(self, name: str) -> Span:
        (span,) = (span for span in self.spans if span.name == name)
        return span
