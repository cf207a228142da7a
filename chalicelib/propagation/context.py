"""Where a trace stands, as one process tells another: W3C Trace Context's fields, which every format maps to."""

from .values import Value

SAMPLED = 0x01  # W3C Trace Context level 2, 3.2.2.5
RANDOM = 0x02


class TraceContext(Value):
    """The span that something was sent from.

    `trace_id` is 32 lower hex digits, `span_id` 16; either is "" where a format names only the other or only a
    decision (`b3: 0`, `Root=` without `Parent=`). `sampled` is None where the sender left it open. `random`: the
    trace id's low 56 bits are random (W3C level 2). `debug`: B3's and Jaeger's flag, which implies sampled.
    `trace_state` is W3C's tracestate, checked; "" for none. `format` names the module that read it.
    """

    __slots__ = ("debug", "format", "random", "sampled", "span_id", "trace_id", "trace_state")

    def __init__(
        self,
        trace_id: str,
        span_id: str,
        *,
        sampled: bool | None = None,
        random: bool = False,
        debug: bool = False,
        trace_state: str = "",
        format: str = "",  # noqa: A002  # the field's word
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.sampled = sampled
        self.random = random
        self.debug = debug
        self.trace_state = trace_state
        self.format = format

    @property
    def is_complete(self) -> bool:
        """Whether a span can have it as its parent."""
        return bool(self.trace_id and self.span_id)

    @property
    def flags(self) -> int:
        """W3C's trace flags; what was left open is not sampled."""
        return (SAMPLED if self.sampled else 0) | (RANDOM if self.random else 0)
