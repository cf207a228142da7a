"""Logs that say which span they were written in: `trace_id` and `span_id` on every record.

A JSON formatter that writes what a record has (Lambda's own, Powertools') then writes them; a text format can name them
as %(trace_id)s. A filter of the handlers sets them rather than a factory of records: with a factory, a program that
logs `extra={"trace_id": …}` itself would get a KeyError from `logging`.

`logging` is not imported here: who does not log does not pay for it.
"""

import sys

from .tracer import tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

NAMES = ("trace_id", "span_id")


class SpanFilter:
    """A filter for a logging.Handler (or a Logger). Lets every record through; what a record has already stays."""

    def filter(self, record: "logging.LogRecord") -> bool:
        """Write the current span's ids on the record; "" outside of any span."""
        told = record.__dict__
        try:
            span = tracer().current()
        except Exception as error:
            span = None
            tracer().swallow(error, "logs")
        told.setdefault("trace_id", span.trace_id if span is not None else "")
        told.setdefault("span_id", span.span_id if span is not None else "")
        return True


def correlate(*loggers: "logging.Logger") -> None:
    """Put the filter on every handler of these loggers; of all that there are, if none is named. Again is harmless.

    `traced` does it when the first invocation begins, unless SPANFOLD_LOG_CORRELATION is 0.
    """
    import logging  # noqa: PLC0415

    for logger in loggers or _all(logging.root):
        for handler in getattr(logger, "handlers", ()):
            if not any(isinstance(known, SpanFilter) for known in handler.filters):
                handler.addFilter(SpanFilter())


def correlate_if_used() -> None:
    """`correlate`, where something has imported `logging` already (Lambda's runtime has)."""
    if "logging" in sys.modules:
        correlate()


def _all(root: "logging.Logger") -> "Iterator[logging.Logger]":
    yield root
    for logger in list(root.manager.loggerDict.values()):
        if hasattr(logger, "handlers"):
            yield logger  # type: ignore[misc]  # the others are placeholders for names with a dot
