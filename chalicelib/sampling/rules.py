"""What a sampling policy can say, in the words of the OpenTelemetry Collector's tail_sampling processor.

Names and parameters are the processor's (opentelemetry-collector-contrib, processor/tailsamplingprocessor, README at
000e83d), so that a team can bring its policies along; `traceql` is ours. A rule is a *condition* (it holds for a
trace or does not), a *chance* (probabilistic), a *limit* (so much a second), or made of others.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1, max_length=4096)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=1000)]
NotNegative = Annotated[int, Meta(ge=0, lt=2**53)]
Positive = Annotated[int, Meta(ge=1, lt=2**53)]
Percentage = Annotated[float, Meta(ge=0, le=100)]


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters as they are written; a key that is not among them is refused."""


class AlwaysSample(_Rule, frozen=True):
    """Every trace."""


class Latency(_Rule, frozen=True):
    """Traces that took `threshold_ms` or longer; with an upper bound, longer than that and at most the other."""

    threshold_ms: NotNegative
    upper_threshold_ms: NotNegative = 0  # 0: none


class StatusCode(_Rule, frozen=True):
    """Traces of which a span has one of these."""

    status_codes: Annotated[tuple[Literal["OK", "ERROR", "UNSET"], ...], Meta(min_length=1)]


class NumericAttribute(_Rule, frozen=True):
    """Traces of which a span or its resource has a number from `min_value` to `max_value` under `key`."""

    key: Text
    min_value: float | None = None
    max_value: float | None = None
    invert_match: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for bounds that nothing or everything is within."""
        if self.min_value is None and self.max_value is None:
            raise ValueError("min_value or max_value is needed")
        if self.min_value is not None and self.max_value is not None and self.min_value > self.max_value:
            raise ValueError(f"min_value {self.min_value:g} is over max_value {self.max_value:g}")


class StringAttribute(_Rule, frozen=True):
    """Traces of which a span or its resource has one of `values` under `key`, or text in which such a regex is found.

    `cache_max_size` is read and means nothing here.
    """

    key: Text
    values: Texts
    enabled_regex_matching: bool = False
    cache_max_size: NotNegative = 0
    invert_match: bool = False


class BooleanAttribute(_Rule, frozen=True):
    """Traces of which a span or its resource has this truth under `key`."""

    key: Text
    value: bool
    invert_match: bool = False


class SpanCount(_Rule, frozen=True):
    """Traces of `min_spans` to `max_spans` spans."""

    min_spans: NotNegative = 0
    max_spans: NotNegative = 0  # 0: however many

    def __post_init__(self) -> None:
        """Raise ValueError for bounds that nothing or everything is within."""
        if not self.min_spans and not self.max_spans:
            raise ValueError("min_spans or max_spans is needed")
        if self.max_spans and self.min_spans > self.max_spans:
            raise ValueError(f"min_spans {self.min_spans} is over max_spans {self.max_spans}")


class TraceState(_Rule, frozen=True):
    """Traces of which a span's tracestate has one of `values` as its member `key`."""

    key: Text
    values: Texts


class TraceFlags(_Rule, frozen=True):
    """Traces of which a span has the sampled flag."""


class TraceQL(_Rule, frozen=True):
    """Traces in which a TraceQL query finds something."""

    query: Annotated[str, Meta(min_length=1, max_length=16_384)]


class Probabilistic(_Rule, frozen=True):
    """So many of a hundred traces, the same ones as everybody else who goes by their randomness."""

    sampling_percentage: Percentage


class RateLimiting(_Rule, frozen=True):
    """As many traces as have `spans_per_second` spans together."""

    spans_per_second: Positive


class BytesLimiting(_Rule, frozen=True):
    """As many traces as weigh `bytes_per_second` together, as serialised OTLP."""

    bytes_per_second: Positive


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, what it is called, and where it stands in the document (a JSON path)."""

    name: str
    path: str
    rule: "Rule"


class And(msgspec.Struct, frozen=True):
    """Traces that every part keeps."""

    parts: tuple[Policy, ...]


class Drop(msgspec.Struct, frozen=True):
    """Traces for which every part holds are not kept, whatever other policies say."""

    parts: tuple[Policy, ...]


class Share(msgspec.Struct, frozen=True):
    """A part of a composite, and how many spans a second it may keep."""

    part: Policy
    spans_per_second: float


class Composite(msgspec.Struct, frozen=True):
    """Parts in order: a trace belongs to the first that would keep it, and counts against that one's rate."""

    shares: tuple[Share, ...]


Condition = (
    AlwaysSample
    | Latency
    | StatusCode
    | NumericAttribute
    | StringAttribute
    | BooleanAttribute
    | SpanCount
    | TraceState
    | TraceFlags
    | TraceQL
)
Limit = RateLimiting | BytesLimiting
Simple = Condition | Probabilistic | Limit
Rule = Simple | And | Drop | Composite

SIMPLE: dict[str, type[Simple]] = {
    "always_sample": AlwaysSample,
    "boolean_attribute": BooleanAttribute,
    "bytes_limiting": BytesLimiting,
    "latency": Latency,
    "numeric_attribute": NumericAttribute,
    "probabilistic": Probabilistic,
    "rate_limiting": RateLimiting,
    "span_count": SpanCount,
    "status_code": StatusCode,
    "string_attribute": StringAttribute,
    "trace_flags": TraceFlags,
    "trace_state": TraceState,
    "traceql": TraceQL,
}
CHANCES_AND_LIMITS = ("bytes_limiting", "probabilistic", "rate_limiting")
CONDITIONS = tuple(kind for kind in SIMPLE if kind not in CHANCES_AND_LIMITS)
