"""What one post brought, told apart by trace: OTLP messages in, blocks out. The hottest path of the product.

A span is touched three times: its ids are read, it is serialised by upb, and its bytes are joined to those of its
trace. No span is copied as a message and none becomes a Python object.

Ids are judged here, because both media types come through here: trace.proto calls a trace id that is not 16 bytes
or all zero invalid, and a span id likewise with 8. Such a span cannot be asked for, so it is rejected alone.
A parent id is kept as sent, whatever it is: senders write zeros for a root.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.codecs.otlp.decoded import Rejection
from chalicelib.codecs.otlp.envelopes import FRAME_BYTES, Section, resource_envelope, scope_envelope, traces_data
from chalicelib.codecs.otlp.fit import Cutter
from chalicelib.codecs.otlp.messages import ResourceSpans, Span, TracesData
from chalicelib.codecs.otlp.parts import spans_allowance
from chalicelib.model.block import Block
from chalicelib.model.errors import PayloadTooLarge
from chalicelib.model.ids import SPAN_ID_BYTES, TRACE_ID_BYTES

# A post may be small and its blocks huge, because every trace repeats the resource. Past this a function of 512 MB
# would run out of memory, and the store out of time. 30,000 traces of one span and 1 KiB of resource are within it;
# the Collector's batch processor sends 8,192 spans at a time unless told otherwise.
MAX_UNFOLDED_BYTES = 96 * 1024 * 1024
BLOCK_COST_BYTES = 2048  # what a block costs besides its payload: objects here, an item and its keys at the store

_NO_TRACE_ID = bytes(TRACE_ID_BYTES)
_NO_SPAN_ID = bytes(SPAN_ID_BYTES)

# The spans of one trace, serialised, by section, as sent. A dict, because it keeps order and finds repeats.
_Sections = dict[Section, dict[bytes, None]]


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """The blocks of one message and where its `received` spans are: rejected, in a block, or a repeat of one that is.

    `duplicate` counts the repeats: the same bytes under the same resource and scope, kept once. `cuts` counts the
    values that were cut or dropped to make something fit.
    """

    blocks: tuple[Block, ...]
    received: int
    rejections: tuple[Rejection, ...] = ()
    duplicate: int = 0
    cuts: int = 0


def group(messages: Iterable[TracesData], max_payload_bytes: int) -> Grouped:
    """One block for each trace in the `messages` of a post, or several when its payload would pass `max_payload_bytes`.

    Blocks come in the order in which their traces first appear; the same spans give the same bytes, in however many
    messages they come. No message is held on to: each may be let go of once the next is asked for. A span that
    is too big for a block of its own is cut (cutting.py), and only then may a block pass `max_payload_bytes`, up to
    fit.LONE_PAYLOAD_BYTES. Raises PayloadTooLarge when the blocks together would pass MAX_UNFOLDED_BYTES.
    """
    cutter = Cutter()
    traces: dict[bytes, _Sections] = {}
    rejections: list[Rejection] = []
    received = 0
    allowance = spans_allowance()
    for resource_spans in _resource_spans(messages):
        allowance.spend()
        resource = cutter.fit_resource(resource_envelope(resource_spans))
        for scope_spans in resource_spans.scope_spans:
            received += len(scope_spans.spans)
            allowance.spend(1 + len(scope_spans.spans))
            section = Section(resource, cutter.fit_scope(scope_envelope(scope_spans)))
            _sort_by_trace(scope_spans.spans, section, traces, rejections)
    blocks = tuple(_blocks(traces, max_payload_bytes, cutter))
    kept = sum(len(spans) for sections in traces.values() for spans in sections.values())
    return Grouped(
        blocks=blocks,
        received=received,
        rejections=tuple(rejections),
        duplicate=received - len(rejections) - kept,
        cuts=cutter.cuts,
    )


def _resource_spans(messages: Iterable[TracesData]) -> Iterator[ResourceSpans]:
    for message in messages:
        yield from message.resource_spans


def _sort_by_trace(
    spans: Collection[Span], section: Section, traces: dict[bytes, _Sections], rejections: list[Rejection]
) -> None:
    """Put each of `spans` under its trace, or the reason why not among `rejections`."""
    here: dict[bytes, dict[bytes, None]] = {}  # this section's part of each trace: one look-up for most spans
    for span in spans:
        trace_id = span.trace_id
        span_id = span.span_id
        if len(span_id) != SPAN_ID_BYTES or span_id == _NO_SPAN_ID or len(trace_id) != TRACE_ID_BYTES:
            rejections.append(_rejection(trace_id, span_id))
            continue
        same_trace = here.get(trace_id)
        if same_trace is None:
            if trace_id == _NO_TRACE_ID:
                rejections.append(_rejection(trace_id, span_id))
                continue
            _check_cost(len(traces) * BLOCK_COST_BYTES)
            same_trace = here[trace_id] = traces.setdefault(trace_id, {}).setdefault(section, {})
        same_trace[span.SerializeToString()] = None


def _rejection(trace_id: bytes, span_id: bytes) -> Rejection:
    if len(trace_id) != TRACE_ID_BYTES:
        return Rejection(f"trace id {_hex(trace_id)} has {len(trace_id)} bytes, not {TRACE_ID_BYTES}")
    if trace_id == _NO_TRACE_ID:
        return Rejection(f"the trace id of span {_hex(span_id)} is all zero")
    if len(span_id) != SPAN_ID_BYTES:
        return Rejection(f"span id {_hex(span_id)} has {len(span_id)} bytes, not {SPAN_ID_BYTES}")
    return Rejection(f"a span id in trace {_hex(trace_id)} is all zero")


def _hex(sent: bytes) -> str:
    return repr(sent[:32].hex())


def _blocks(traces: dict[bytes, _Sections], max_payload_bytes: int, cutter: Cutter) -> Iterator[Block]:
    cost = 0
    for trace_id, sections in traces.items():
        for part in _parts(sections, max_payload_bytes, cutter):
            payload = traces_data(part.items())
            cost += len(payload) + BLOCK_COST_BYTES
            _check_cost(cost)
            yield Block(trace_id=trace_id.hex(), payload=payload, span_count=sum(map(len, part.values())))


def _check_cost(cost_bytes: int) -> None:
    if cost_bytes > MAX_UNFOLDED_BYTES:
        detail = f"the blocks of this post take more than {MAX_UNFOLDED_BYTES} bytes; send fewer traces in one post"
        raise PayloadTooLarge("otlp", detail, MAX_UNFOLDED_BYTES)


def _parts(
    sections: _Sections, max_payload_bytes: int, cutter: Cutter
) -> Iterator[Mapping[Section, Collection[bytes]]]:
    """`sections` whole if they fit in one payload, as nearly all do; otherwise in as many parts as it takes."""
    if sum(_weight_bytes(section, spans) for section, spans in sections.items()) <= max_payload_bytes:
        yield sections
        return
    part: dict[Section, list[bytes]] = {}
    size = 0
    for section, spans in sections.items():
        for span in spans:
            fitted = cutter.fit_span(span, section.overhead_bytes)
            size += _weight_bytes(section, (fitted,), shared=section in part)
            if size > max_payload_bytes and part:
                yield part
                part = {}
                size = _weight_bytes(section, (fitted,))
            part.setdefault(section, []).append(fitted)
    yield part


def _weight_bytes(section: Section, spans: Collection[bytes], *, shared: bool = False) -> int:
    """What `spans` add to a payload, at most; `shared` if the payload has their section already."""
    envelopes = 0 if shared else section.overhead_bytes
    return envelopes + sum(map(len, spans)) + FRAME_BYTES * len(spans)
