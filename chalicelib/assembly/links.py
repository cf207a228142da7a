"""Links to spans of other traces (or of this one), and the links that lead nowhere."""

from collections.abc import Iterable, Mapping
from operator import attrgetter

import msgspec

from chalicelib.assembly.draft import Draft, add_warning
from chalicelib.assembly.vocabulary import INVALID_LINK, JOINS_INCOMPLETE, TEXTS
from chalicelib.model.span import Link
from chalicelib.model.trace import AssembledTrace, JoinedSpan, SpanLink, Warned


def check_links(draft: Draft) -> Draft:
    """`draft` with a warning on every span that has a link without a trace id, which OTLP calls invalid."""
    doubtful = [i for i, span in enumerate(draft.spans) if not all(map(_leads_somewhere, span.links))]
    return msgspec.structs.replace(draft, warnings=add_warning(draft.warnings, INVALID_LINK, doubtful))


def span_links(draft: Draft) -> tuple[SpanLink, ...]:
    """The valid links of all spans, in reading order and then as sent; equal ones of a span once."""
    linking = [i for i, span in enumerate(draft.spans) if span.links]
    if not linking:
        return ()
    index_of = {(span.trace_id, span.span_id): i for i, span in reversed(list(enumerate(draft.spans)))}
    return tuple(
        SpanLink(
            index=i,
            span_id=draft.spans[i].span_id,
            linked_trace_id=trace_id,
            linked_span_id=span_id,
            linked_index=index_of.get((trace_id, span_id)),
        )
        for i in linking
        for trace_id, span_id in dict.fromkeys(
            (link.trace_id, link.span_id) for link in draft.spans[i].links if _leads_somewhere(link)
        )
    )


def with_joins(trace: AssembledTrace, joins: Iterable[JoinedSpan], *, complete: bool) -> AssembledTrace:
    """`trace` with its joins among its links, each span's after those that were sent; a warning if some are missing."""
    ids = trace.trace_ids[:1]
    index_of = {(span.trace_id or ids[0], span.span_id): i for i, span in reversed(list(enumerate(trace.spans)))}
    joined = [_joined_link(join, index_of) for join in joins if (join.trace_id, join.span_id) in index_of]
    warnings = trace.warnings
    if not complete:
        warning = Warned(code=JOINS_INCOMPLETE, text=TEXTS[JOINS_INCOMPLETE])
        warnings = tuple(sorted((*warnings, warning), key=attrgetter("code")))
    links = tuple(sorted((*trace.links, *joined), key=attrgetter("index"))) if joined else trace.links
    return msgspec.structs.replace(trace, links=links, warnings=warnings)


def _joined_link(join: JoinedSpan, index_of: Mapping[tuple[str, str], int]) -> SpanLink:
    return SpanLink(
        index=index_of[join.trace_id, join.span_id],
        span_id=join.span_id,
        linked_trace_id=join.linked_trace_id,
        linked_span_id=join.linked_span_id,
        linked_index=index_of.get((join.linked_trace_id, join.linked_span_id)),
        joined_by=join.joined_by,
        receives=join.receives,
    )


def _leads_somewhere(link: Link) -> bool:
    return bool(link.trace_id.strip("0"))
