"""The spans of one Zipkin trace, reports of the same span put together (zipkin2.internal.Trace.merge).

Agents report a span in pieces, and clients and servers report under one id. Pieces that do not contradict each
other become one span; a server's side stays apart from its client's and is marked shared. Which trace ids the pieces
bear, of 16 digits or 32, is of no matter here: whoever calls has chosen what belongs together.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

import msgspec

from chalicelib.codecs.zipkin.calls import CallSpan


def merged(spans: Iterable[CallSpan]) -> list[CallSpan]:
    """The spans by id, a client's side before the server's. [] for none. The order of `spans` is of no matter."""
    found: list[CallSpan] = []
    for _, reports in groupby(sorted(spans, key=_order), key=attrgetter("id")):
        found.extend(_sides(list(reports)))
    return found


def _sides(reports: list[CallSpan]) -> list[CallSpan]:
    sides: list[CallSpan] = []
    for report in reports:
        span = report
        before = sides[-1] if sides else None
        if before is not None and before.kind == "CLIENT" and span.kind == "SERVER" and not span.shared:
            span = msgspec.structs.replace(span, shared=True)
        if before is not None and before.shared == span.shared and _agree(before, span):
            sides[-1] = _together(before, span)
        else:
            sides.append(_with_parent(span, sides))
    return sides


def _with_parent(span: CallSpan, sides: list[CallSpan]) -> CallSpan:
    """A server that shares its client's id was told nothing of the client's parent."""
    if span.shared and span.parent_id is None and sides and sides[0].parent_id is not None:
        return msgspec.structs.replace(span, parent_id=sides[0].parent_id)
    return span


def _order(span: CallSpan) -> tuple[object, ...]:
    """Zipkin's order, and then whatever tells two reports apart, so that no order of arrival does."""
    endpoint = [span.service or "", *(str(part or "") for part in span.address)]
    rest = (span.kind or "", span.parent_id or "", span.remote or "", span.failed, span.weight)
    return span.id, span.shared, span.kind != "CLIENT", endpoint, rest


def _agree(one: CallSpan, other: CallSpan) -> bool:
    """Whether the two may be on one endpoint: what both say of theirs is the same."""
    pairs = zip((one.service, *one.address), (other.service, *other.address), strict=True)
    return all(left is None or right is None or left == right for left, right in pairs)


def _together(one: CallSpan, other: CallSpan) -> CallSpan:
    """What either says; where both do, the first."""
    ipv4, ipv6, port = (left or right for left, right in zip(one.address, other.address, strict=True))
    return CallSpan(
        id=one.id,
        parent_id=one.parent_id or other.parent_id,
        kind=one.kind or other.kind,
        service=one.service or other.service,
        remote=one.remote or other.remote,
        failed=one.failed or other.failed,
        weight=one.weight,
        shared=one.shared or other.shared,
        address=(ipv4, ipv6, port),
    )
