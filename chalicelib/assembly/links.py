"""Links to spans of other traces (or of this one), and the links that lead nowhere."""

import msgspec

from chalicelib.assembly.draft import Draft, add_warning
from chalicelib.assembly.vocabulary import INVALID_LINK
from chalicelib.model.span import Link
from chalicelib.model.trace import SpanLink


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


def _leads_somewhere(link: Link) -> bool:
    return bool(link.trace_id.strip("0"))
