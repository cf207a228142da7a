"""What each service contributed to the trace."""

from collections.abc import Sequence

from chalicelib.assembly.draft import Draft
from chalicelib.assembly.failures import failed
from chalicelib.model.attributes import COLD_START
from chalicelib.model.span import Span
from chalicelib.model.trace import ServiceTotals


def critical_times(draft: Draft) -> list[int]:
    """For each span the nanoseconds of it that lie on the critical path."""
    times = [0] * len(draft.spans)
    for stretch in draft.critical_path:
        times[stretch.position] += stretch.end_ns - stretch.start_ns
    return times


def started_cold(span: Span) -> bool:
    """Whether the span says that its function had to be set up first."""
    return span.attributes.get(COLD_START) is True


def service_totals(draft: Draft, critical_ns: Sequence[int], origin_ns: int) -> tuple[ServiceTotals, ...]:
    """One entry per service, by name. `origin_ns` is the start of the trace."""
    spans_of: dict[str, list[int]] = {}
    for i, process in enumerate(draft.processes):
        spans_of.setdefault(draft.services[process], []).append(i)
    return tuple(
        ServiceTotals(
            service=service,
            span_count=len(positions),
            error_count=sum(failed(draft.spans[i]) for i in positions),
            cold_start_count=sum(started_cold(draft.spans[i]) for i in positions),
            self_time_ns=sum(draft.self_times[i] for i in positions),
            critical_ns=sum(critical_ns[i] for i in positions),
            first_offset_ns=min(draft.starts[i] for i in positions) - origin_ns,
            last_offset_ns=max(draft.ends[i] for i in positions) - origin_ns,
        )
        for service, positions in sorted(spans_of.items())
    )
