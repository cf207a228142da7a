"""The spans of one Zipkin trace, reports of the same span put together (zipkin2.internal.Trace.merge).

Agents report a span in pieces, and clients and servers report under one id. Pieces that do not contradict each
other become one span; a server's side stays apart from its client's and is marked shared.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

import msgspec

from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan


def merged(spans: Iterable[ZipkinSpan]) -> list[ZipkinSpan]:
    """The spans by id, a client's side before the server's; all bear the longest of their trace ids. [] for none."""
    ordered = sorted(spans, key=_order)
    if not ordered:
        return []
    trace_id = max((span.trace_id for span in ordered), key=len)
    found: list[ZipkinSpan] = []
    for _, reports in groupby(ordered, key=attrgetter("id")):
        found.extend(_sides(list(reports), trace_id))
    return found


def _sides(reports: list[ZipkinSpan], trace_id: str) -> list[ZipkinSpan]:
    sides: list[ZipkinSpan] = []
    for report in reports:
        span = msgspec.structs.replace(report, trace_id=trace_id)
        before = sides[-1] if sides else None
        if before is not None and before.kind == "CLIENT" and span.kind == "SERVER" and not span.shared:
            span = msgspec.structs.replace(span, shared=True)
        if before is not None and before.shared == span.shared and _agree(before.local_endpoint, span.local_endpoint):
            sides[-1] = _together(before, span)
        else:
            sides.append(_with_parent(span, sides))
    return sides


def _with_parent(span: ZipkinSpan, sides: list[ZipkinSpan]) -> ZipkinSpan:
    """A server that shares its client's id was told nothing of the client's parent."""
    if span.shared and span.parent_id is None and sides and sides[0].parent_id is not None:
        return msgspec.structs.replace(span, parent_id=sides[0].parent_id)
    return span


def _order(span: ZipkinSpan) -> tuple[object, ...]:
    endpoint = span.local_endpoint
    said = (endpoint.service_name or "", endpoint.ipv4 or "", endpoint.ipv6 or "") if endpoint is not None else ()
    return span.id, span.shared, span.kind != "CLIENT", said


def _agree(one: Endpoint | None, other: Endpoint | None) -> bool:
    """Whether the two may be one endpoint: what both say is the same."""
    if one is None or other is None:
        return True
    pairs = ((getattr(one, name), getattr(other, name)) for name in Endpoint.__struct_fields__)
    return all(left is None or right is None or left == right for left, right in pairs)


def _together(one: ZipkinSpan, other: ZipkinSpan) -> ZipkinSpan:
    """What either says; where both do, the first, but of tags the second. Annotations are united."""
    return ZipkinSpan(
        trace_id=one.trace_id,
        parent_id=one.parent_id or other.parent_id,
        id=one.id,
        kind=one.kind or other.kind,
        name=one.name or other.name,
        timestamp=one.timestamp or other.timestamp,
        duration=one.duration or other.duration,
        local_endpoint=_united(one.local_endpoint, other.local_endpoint),
        remote_endpoint=_united(one.remote_endpoint, other.remote_endpoint),
        annotations=tuple(sorted({*one.annotations, *other.annotations})),
        tags=one.tags | other.tags,
        debug=one.debug or other.debug,
        shared=one.shared or other.shared,
    )


def _united(one: Endpoint | None, other: Endpoint | None) -> Endpoint | None:
    if one is None or other is None:
        return one or other
    said = {name: getattr(one, name) or getattr(other, name) for name in Endpoint.__struct_fields__}
    return Endpoint(**said)
