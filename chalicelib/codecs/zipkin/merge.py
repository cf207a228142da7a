"""The spans of one Zipkin trace, reports of the same span put together (zipkin2.internal.Trace.merge).

Agents report a span in pieces, and clients and servers report under one id. Pieces that do not contradict each
other become one span; a server's side stays apart from its client's and is marked shared. Which trace ids the pieces
bear, of 16 digits or 32, is of no matter here: whoever calls has chosen what belongs together.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

import msgspec

from chalicelib.codecs.zipkin.calls import NOWHERE, CallSpan


def merged(spans: Iterable[CallSpan]) -> list[CallSpan]:
    """The spans by id, a client's side before the server's. [] for none. The order of `spans` is of no matter."""
    found: list[CallSpan] = []
    for _, reports in groupby(sorted(spans, key=_order), key=attrgetter("id")):
        found.extend(_as_sides(_pieced_together(reports)))
    return found


def _pieced_together(reports: Iterable[CallSpan]) -> list[CallSpan]:
    spans: list[CallSpan] = []
    for report in reports:
        if spans and spans[-1].shared == report.shared and _agree(spans[-1], report):
            spans[-1] = _together(spans[-1], report)
        else:
            spans.append(report)
    return spans


def _as_sides(spans: list[CallSpan]) -> Iterator[CallSpan]:
    """Marks a server that did not know that it shares its client's id, and tells it of the client's parent."""
    before: CallSpan | None = None
    for each in spans:
        span = each
        if before is not None:
            shared = span.shared or (before.kind == "CLIENT" and span.kind == "SERVER")
            parent_id = span.parent_id or (before.parent_id if shared else None)
            span = msgspec.structs.replace(span, shared=shared, parent_id=parent_id)
        yield span
        before = span


def _order(span: CallSpan) -> tuple[object, ...]:
    """Zipkin's order, and then whatever tells two reports apart, so that no order of arrival does."""
    names = [(part is None, str(part)) for part in (span.service, *span.address)]
    side = span.shared or span.kind != "CLIENT"
    rest = (span.kind or "", span.parent_id or "", span.remote or "", span.failed, span.weight)
    return span.id, span.shared, side, _is_somewhere(span), names, rest


def _agree(one: CallSpan, other: CallSpan) -> bool:
    """Whether the two may be on one endpoint: what both say of theirs is the same."""
    pairs = zip((one.service, *one.address), (other.service, *other.address), strict=True)
    return all(left is None or right is None or left == right for left, right in pairs)


def _together(one: CallSpan, other: CallSpan) -> CallSpan:
    """What either says; where both do, the first."""
    (ipv4, ipv6, port), (other_ipv4, other_ipv6, other_port) = one.address, other.address
    return CallSpan(
        id=one.id,
        parent_id=one.parent_id or other.parent_id,
        kind=one.kind or other.kind,
        service=one.service or other.service,
        remote=one.remote or other.remote,
        failed=one.failed or other.failed,
        weight=one.weight,
        shared=one.shared or other.shared,
        address=(ipv4 or other_ipv4, ipv6 or other_ipv6, port or other_port),
    )


def _is_somewhere(span: CallSpan) -> bool:
    return span.service is not None or span.address != NOWHERE
