"""Invocations whose lines came in several deliveries: what each leaves open is put where the others find it.

Everything that a delivery knows of such an invocation is put under one partition of the views, and then all that is
there is read, consistently. So of two deliveries, in whatever order or at once, the later one to read has both halves,
and closes the spans that died; a repeated one closes them the same way. Nothing is ever deleted: what found no other
half is gone after KEPT_S. An ordinary short invocation, whose start and end come together, costs nothing; one that is
cut by a delivery's end, a write and a read; one that died, the same.

It is lost when the views are rebuilt: a function that died just then keeps an invocation nobody closes.
"""

from collections.abc import Iterator, Sequence

import msgspec

from chalicelib.codecs.cloudwatch_logs.invocations import Unfinished, closed
from chalicelib.codecs.cloudwatch_logs.platform import Verdict
from chalicelib.codecs.otlp.messages import TracesData
from chalicelib.codecs.otlp.spans import from_spans, to_spans
from chalicelib.model.deadline import Deadline
from chalicelib.model.span import Span
from chalicelib.model.view import MAX_BODY_BYTES, View
from chalicelib.model.windows import NS_PER_S
from chalicelib.services import Services
from chalicelib.storage.view_names import is_open_span, open_partition, open_span_sort, verdict_sort

KEPT_S = 24 * 3600  # CloudWatch tries for that long to deliver; a function lives for 15 minutes

_verdicts = msgspec.json.Decoder(list[Verdict])


class LogStream(msgspec.Struct, frozen=True, kw_only=True):
    """A log stream, and what one delivery of it leaves unfinished."""

    log_group: str = ""
    log_stream: str = ""
    unfinished: tuple[Unfinished, ...] = ()


def close(services: Services, tenant: str, streams: Sequence[LogStream], deadline: Deadline) -> list[Span]:
    """The spans of invocations that died, closed, as far as deliveries until now have told. Raises StoreError."""
    spans: list[Span] = []
    waiting: list[tuple[str, Unfinished]] = []
    for stream in streams:
        for one in stream.unfinished:
            died = closed([one]) if one.is_whole else []
            spans += died
            if left := _without(one, died):
                waiting.append((open_partition(stream.log_group, stream.log_stream, one.request_id), left))
    expires_at_s = services.now_ns() // NS_PER_S + KEPT_S
    views = {(view.partition, view.sort): view for place, one in waiting for view in _views(place, one, expires_at_s)}
    services.views.put(tenant, list(views.values()), deadline)
    for place, one in waiting:
        others = _unfinished(one.request_id, services.views.read(tenant, place, deadline, consistent=True))
        spans += closed([one, others])
    return spans


def _without(one: Unfinished, died: Sequence[Span]) -> Unfinished | None:
    """What is still to be asked elsewhere once `died` are closed: all, nothing, or another attempt's spans."""
    if not died:
        return one
    done = {span.span_id for span in died}
    opened = tuple(span for span in one.opened if span.span_id not in done)
    return Unfinished(request_id=one.request_id, opened=opened, ended=one.ended) if opened else None


def _views(partition: str, one: Unfinished, expires_at_s: int) -> Iterator[View]:
    for span in one.opened:
        body = from_spans([span]).SerializeToString()
        if len(body) <= MAX_BODY_BYTES:
            yield View(partition=partition, sort=open_span_sort(span.span_id), body=body, expires_at_s=expires_at_s)
    if one.verdicts:
        body = msgspec.json.encode(one.verdicts)
        yield View(partition=partition, sort=verdict_sort(body), body=body, expires_at_s=expires_at_s)


def _unfinished(request_id: str, views: Iterator[View]) -> Unfinished:
    opened: list[Span] = []
    verdicts: list[Verdict] = []
    for view in views:
        if is_open_span(view.sort):
            opened += to_spans(TracesData.FromString(view.body))
        else:
            verdicts += _verdicts.decode(view.body)
    return Unfinished(request_id=request_id, opened=tuple(opened), verdicts=tuple(verdicts))
