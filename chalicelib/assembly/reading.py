"""The finished draft, written out as the trace that is read."""

from collections import Counter
from collections.abc import Iterable

from chalicelib.assembly.draft import NO_PARENT, Draft, Stretch
from chalicelib.assembly.failures import errors_below, failed, span_errors
from chalicelib.assembly.links import span_links
from chalicelib.assembly.totals import critical_times, service_totals, started_cold
from chalicelib.assembly.vocabulary import NO_ROOT, SEVERAL_ROOTS, SEVERAL_TRACE_IDS, TEXTS
from chalicelib.model.span import Kind, Span, StatusCode
from chalicelib.model.trace import AssembledSpan, AssembledTrace, Orphan, Segment, TraceSummary, Warned

# Literals, because msgspec leaves out a default only when it is the very same string object.
_KINDS: dict[int, str] = {
    Kind.UNSPECIFIED: "unspecified",
    Kind.INTERNAL: "internal",
    Kind.SERVER: "server",
    Kind.CLIENT: "client",
    Kind.PRODUCER: "producer",
    Kind.CONSUMER: "consumer",
}
_STATUSES: dict[int, str] = {StatusCode.UNSET: "unset", StatusCode.OK: "ok", StatusCode.ERROR: "error"}

_REMOTENESS_KNOWN = 1 << 8  # trace.proto, SpanFlags
_PARENT_REMOTE = 1 << 9


def read_out(draft: Draft) -> AssembledTrace:
    """What `draft`, after the last step, tells a reader."""
    origin_ns = min(draft.starts, default=0)
    critical_ns = critical_times(draft)
    below = errors_below(draft)
    tops = [i for i, parent in enumerate(draft.parents) if parent == NO_PARENT]
    roots = [i for i in tops if i not in draft.orphans]
    trace_ids = tuple(sorted({span.trace_id for span in draft.spans}))
    services = service_totals(draft, critical_ns, origin_ns)
    return AssembledTrace(
        summary=_summary(draft, origin_ns, len(services)),
        trace_ids=trace_ids,
        root_ids=tuple(draft.spans[i].span_id for i in roots),
        warnings=_warnings(draft, len(roots), len(trace_ids)),
        services=services,
        orphans=tuple(_orphan(draft.spans[i], i) for i in sorted(draft.orphans)),
        links=span_links(draft),
        errors=span_errors(draft, below),
        critical_path=_segments(draft, draft.critical_path, origin_ns),
        completion_path=_segments(draft, draft.completion_path, origin_ns),
        spans=_rows(draft, origin_ns, critical_ns, below, several_traces=len(trace_ids) > 1),
    )


def _summary(draft: Draft, origin_ns: int, service_count: int) -> TraceSummary:
    root = draft.spans[0] if draft.spans else None
    return TraceSummary(
        start_time_unix_nano=str(origin_ns),
        duration_ns=max(draft.ends, default=origin_ns) - origin_ns,
        span_count=len(draft.spans),
        service_count=service_count,
        error_count=sum(map(failed, draft.spans)),
        orphan_count=len(draft.orphans),
        max_depth=max(draft.depths, default=0),
        root_span_id=root.span_id if root else "",
        root_service=draft.services[draft.processes[0]] if root else "",
        root_name=root.name if root else "",
        root_duration_ns=draft.ends[0] - draft.starts[0] if root else 0,
    )


def _warnings(draft: Draft, root_count: int, trace_id_count: int) -> tuple[Warned, ...]:
    counts = Counter(code for codes in draft.warnings.values() for code in codes)
    of_the_trace = {
        NO_ROOT: bool(draft.spans) and not root_count,
        SEVERAL_ROOTS: root_count > 1,
        SEVERAL_TRACE_IDS: trace_id_count > 1,
    }
    codes = {*counts, *(code for code, applies in of_the_trace.items() if applies)}
    return tuple(Warned(code=code, text=TEXTS[code], span_count=counts[code]) for code in sorted(codes))


def _orphan(span: Span, index: int) -> Orphan:
    return Orphan(index=index, span_id=span.span_id, parent_id=span.parent_id or "")


def _segments(draft: Draft, path: Iterable[Stretch], origin_ns: int) -> tuple[Segment, ...]:
    return tuple(
        Segment(
            index=stretch.position,
            span_id=draft.spans[stretch.position].span_id,
            offset_ns=stretch.start_ns - origin_ns,
            duration_ns=stretch.end_ns - stretch.start_ns,
            waiting=stretch.waiting,
        )
        for stretch in path
    )


def _rows(
    draft: Draft, origin_ns: int, critical_ns: list[int], below: list[int], *, several_traces: bool
) -> tuple[AssembledSpan, ...]:
    child_counts, descendant_counts = _family(draft.parents)
    return tuple(
        AssembledSpan(
            span_id=span.span_id,
            name=span.name,
            service=draft.services[draft.processes[i]],
            kind=_KINDS.get(span.kind) or str(int(span.kind)),
            trace_id=span.trace_id if several_traces else None,
            parent_id=span.parent_id,
            parent_index=None if draft.parents[i] == NO_PARENT else draft.parents[i],
            depth=draft.depths[i],
            child_count=child_counts[i],
            descendant_count=descendant_counts[i],
            start_time_unix_nano=str(draft.starts[i]),
            offset_ns=draft.starts[i] - origin_ns,
            duration_ns=draft.ends[i] - draft.starts[i],
            self_time_ns=draft.self_times[i],
            critical_ns=critical_ns[i],
            clock_shift_ns=draft.shifts[i],
            status=_STATUSES.get(span.status_code) or str(int(span.status_code)),
            error=failed(span),
            errors_below=below[i],
            orphan=i in draft.orphans,
            remote_parent=_remote_parent(draft, i),
            cold_start=started_cold(span),
            attribute_count=len(span.attributes),
            event_count=len(span.events),
            link_count=len(span.links),
            warnings=draft.warnings.get(i, ()),
        )
        for i, span in enumerate(draft.spans)
    )


def _family(parents: list[int]) -> tuple[list[int], list[int]]:
    """For each span the number of its children, and of all its descendants."""
    children, descendants = [0] * len(parents), [0] * len(parents)
    for i in range(len(parents) - 1, -1, -1):
        if (parent := parents[i]) != NO_PARENT:
            children[parent] += 1
            descendants[parent] += 1 + descendants[i]
    return children, descendants


def _remote_parent(draft: Draft, i: int) -> bool | None:
    flags, parent = draft.spans[i].flags, draft.parents[i]
    if flags & _REMOTENESS_KNOWN:
        return bool(flags & _PARENT_REMOTE)
    return None if parent == NO_PARENT else draft.processes[i] != draft.processes[parent]
