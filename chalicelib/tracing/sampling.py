"""Head sampling: whether a trace that begins here, or comes in, is recorded.

OpenTelemetry specification, "Sampling" and "TraceState: Probability Sampling" (development status, read November
2026). A ratio keeps a trace iff the randomness R of its id (or `rv` in tracestate) is at least the threshold T, which
is written as `ot=th:…`: whoever else decides by the same rule keeps a subset or a superset, and each kept span says how
many it stands for. A child that is made in this process is as its parent is.

X-Ray's flag never decides: Lambda sets its header on every invocation, with Sampled=0 where X-Ray is off.
"""

from ..propagation import probability

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..propagation.context import TraceContext

    Decision = tuple[bool, str]
    Sampler = Callable[[str, TraceContext | None], Decision]

KEEP_ALL = 0
KEEP_NONE = probability.MAX_THRESHOLD + 1
_LEAST_RATIO = 2.0**-probability.RANDOMNESS_BITS
_DIGITS = 5  # of precision; the specification advises at least four


def sampler(name: str, ratio: float) -> "Sampler":
    """The sampler that OTEL_TRACES_SAMPLER names; given a trace id and the remote parent it says whether to record,
    and the tracestate of the span. A name that is not known records everything.
    """
    kind = name.removeprefix("parentbased_")
    threshold = {"always_off": KEEP_NONE, "traceidratio": threshold_of(ratio)}.get(kind, KEEP_ALL)
    is_ratio = kind == "traceidratio"

    def decide(trace_id: str, parent: "TraceContext | None") -> "Decision":
        return by_threshold(trace_id, parent.trace_state if parent else "", threshold, is_written=is_ratio)

    return _parent_based(decide) if kind != name else decide


def threshold_of(ratio: float) -> int:
    """The threshold that keeps this part of all traces, rounded to few digits so that it is short on the wire."""
    if ratio < _LEAST_RATIO:
        return KEEP_NONE
    if ratio >= 1:
        return KEEP_ALL
    kept = round(ratio * KEEP_NONE)
    threshold = KEEP_NONE - kept
    cut = max(0, min(kept.bit_length(), threshold.bit_length()) - 4 * _DIGITS)
    return threshold >> cut << cut


def by_threshold(trace_id: str, trace_state: str, threshold: int, *, is_written: bool) -> "Decision":
    """Whether R >= T, and the tracestate that says so; an older threshold does not survive, since it is not true."""
    if not is_written and probability.MEMBER not in trace_state:
        return threshold == KEEP_ALL, trace_state
    said = probability.parse(trace_state)
    is_kept = threshold <= probability.randomness_of(said, trace_id)
    written = threshold if is_kept and (is_written or said.threshold is not None) else None
    return is_kept, _with_threshold(trace_state, said, written)


def _parent_based(root: "Sampler") -> "Sampler":
    def decide(trace_id: str, parent: "TraceContext | None") -> "Decision":
        if parent is None or parent.format == "xray" or (parent.sampled is None and not parent.debug):
            return root(trace_id, parent)
        return bool(parent.sampled or parent.debug), _consistent(trace_id, parent)

    return decide


def _consistent(trace_id: str, parent: "TraceContext") -> str:
    """The parent's tracestate without a threshold that contradicts its flag ("Consistency of sampled flag")."""
    if probability.MEMBER not in parent.trace_state:
        return parent.trace_state
    said = probability.parse(parent.trace_state)
    if said.threshold is None or parent.sampled == (probability.randomness_of(said, trace_id) >= said.threshold):
        return parent.trace_state
    return _with_threshold(parent.trace_state, said, None)


def _with_threshold(trace_state: str, said: "probability.OtState", threshold: int | None) -> str:
    if said.threshold == threshold:
        return trace_state
    state = probability.OtState(threshold=threshold, randomness=said.randomness, others=said.others)
    return probability.replace(trace_state, state)
