"""Zipkin v1 spans, whose kind and remote side are told by annotations, as v2 spans (zipkin2.v1.V1SpanConverter).

One v1 span may be reported by both sides of a call under one id, even in one piece. It becomes one v2 span for each
service that has something to say, the first for what names no service.

| core annotations | v2 |
|---|---|
| cs, cr | CLIENT; its time is the v1 span's, or from cs to cr |
| sr, ss | SERVER; shared if the v1 span has no timestamp, or ss and no duration |
| cs and sr | a CLIENT, and a shared SERVER from sr to ss, even within one service |
| ms (ws) | PRODUCER, from ms to ws |
| mr (wr) | CONSUMER, from wr to mr; shared where there is ms too |
| one of a pair alone | starts the span; an end stays an annotation |
| ca, sa, ma (binary) | the remote endpoint of the server, client, or either side of a message |
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.codecs.zipkin.span import Annotation, Endpoint, ZipkinSpan, span_of

CORE = frozenset({"cs", "cr", "sr", "ss", "ms", "mr", "ws", "wr"})
ADDRESSES = frozenset({"ca", "sa", "ma"})
_KINDS = {"cs": "CLIENT", "cr": "CLIENT", "sr": "SERVER", "ss": "SERVER", "ms": "PRODUCER", "mr": "CONSUMER"}
_PAIRS = {"CLIENT": ("cs", "cr"), "SERVER": ("sr", "ss")}
LOCAL_COMPONENT = "lc"  # with an empty value only a marker of what is no call


class V1Annotation(msgspec.Struct, frozen=True):
    """Something at `timestamp` (microseconds), said by `endpoint`."""

    timestamp: int
    value: str
    endpoint: Endpoint | None = None


class BinaryAnnotation(msgspec.Struct, frozen=True):
    """A tag, or for the keys in ADDRESSES the other side, said by (or for an address: about) `endpoint`."""

    key: str
    value: str
    endpoint: Endpoint | None = None


class V1Span(msgspec.Struct, frozen=True, kw_only=True):
    """A v1 span as it came; 0 is no time."""

    trace_id: str
    id: str
    parent_id: str | None = None
    name: str | None = None
    timestamp: int = 0
    duration: int = 0
    debug: bool = False
    annotations: tuple[V1Annotation, ...] = ()
    binary_annotations: tuple[BinaryAnnotation, ...] = ()


def convert(span: V1Span) -> list[ZipkinSpan]:
    """One v2 span for each side that `span` tells of; one at least. Raises PayloadError as span_of does."""
    conversion = _Conversion(span)
    conversion.take_annotations()
    conversion.take_times()
    conversion.take_binary_annotations()
    return conversion.finished()


class _Side:
    """A v2 span in the making."""

    def __init__(self, local: Endpoint | None) -> None:
        self.local = local
        self.remote: Endpoint | None = None
        self.kind: str | None = None
        self.timestamp = 0
        self.duration = 0
        self.annotations: list[Annotation] = []
        self.tags: dict[str, str] = {}
        self.shared = False


class _Conversion:
    def __init__(self, span: V1Span) -> None:
        self.span = span
        self.sides = [_Side(None)]
        self.core: dict[str, V1Annotation] = {}

    def finished(self) -> list[ZipkinSpan]:
        return [self._v2(side) for side in self.sides]

    def take_annotations(self) -> None:
        for one in self.span.annotations:
            side = self._side(one.endpoint)
            if one.value in CORE and one.endpoint is not None:
                side.kind = _KINDS.get(one.value, side.kind)
                self.core[one.value] = one
            else:
                side.annotations.append(Annotation(one.timestamp, one.value))
        self._infer_starts()

    def take_times(self) -> None:
        """What begins and ends with which core annotation."""
        core = self.core
        if "cs" in core and "sr" in core:
            self._take_both_sides(core["cs"], core["sr"])
        elif "cs" in core and "cr" in core:
            self._time(core["cs"], core["cr"])
        elif "sr" in core and "ss" in core:
            self._time(core["sr"], core["ss"])
        else:
            self._take_half_calls()
        if "cs" not in core and "sr" in core and self._is_joined():
            self._side(core["sr"].endpoint).shared = True
        self._take_messages()

    def take_binary_annotations(self) -> None:
        addresses: dict[str, Endpoint] = {}
        for one in self.span.binary_annotations:
            if one.key in ADDRESSES and one.endpoint is not None:
                addresses[one.key] = one.endpoint
            elif not (one.key == LOCAL_COMPONENT and not one.value):
                self._side(one.endpoint).tags[one.key] = one.value
        if self.core.keys().isdisjoint(_KINDS.keys() - {"ms", "mr"}) and ("ca" in addresses or "sa" in addresses):
            self._take_addresses_alone(addresses)
        else:
            self._take_addresses(addresses)

    def _infer_starts(self) -> None:
        """Who joins events into spans loses a start: an end at timestamp + duration tells that it was there."""
        span = self.span
        if not (span.timestamp and span.duration):
            return
        for begin, end in _PAIRS.values():
            found = self.core.get(end)
            if begin not in self.core and found is not None and span.timestamp + span.duration == found.timestamp:
                self.core[begin] = V1Annotation(span.timestamp, begin, found.endpoint)

    def _take_both_sides(self, sent: V1Annotation, received: V1Annotation) -> None:
        self._time(sent, self.core.get("cr"))
        client = self._side(sent.endpoint)
        if _service(sent.endpoint) == _service(received.endpoint):
            client.kind = "CLIENT"
            server = self._fork(received.endpoint, "SERVER")
        else:
            server = self._side(received.endpoint)
        server.shared = True
        server.timestamp = received.timestamp
        if "ss" in self.core:
            server.duration = self.core["ss"].timestamp - received.timestamp
        if "cr" not in self.core and not self.span.duration:
            client.duration = 0  # one way

    def _take_half_calls(self) -> None:
        for side in self.sides:
            begin, end = _PAIRS.get(side.kind or "", ("", ""))
            if begin in self.core:
                side.timestamp = self.core[begin].timestamp
            if end in self.core:
                side.annotations.append(Annotation(self.core[end].timestamp, end))
        if self.span.timestamp:
            self.sides[0].timestamp, self.sides[0].duration = self.span.timestamp, self.span.duration

    def _is_joined(self) -> bool:
        return not self.span.timestamp or ("ss" in self.core and not self.span.duration)

    def _take_messages(self) -> None:
        core = self.core
        if "ms" in core and "mr" in core:
            self._take_both_ends(core["ms"], core["mr"])
        elif "ms" in core:
            self._time(core["ms"], core.get("ws"))
        elif "mr" in core:
            self._time(*((core["wr"], core["mr"]) if "wr" in core else (core["mr"], None)))
        else:
            for name in ("ws", "wr"):
                if name in core:
                    self._side(core[name].endpoint).annotations.append(Annotation(core[name].timestamp, name))

    def _take_both_ends(self, sent: V1Annotation, received: V1Annotation) -> None:
        producer = self._side(sent.endpoint)
        if _service(sent.endpoint) == _service(received.endpoint):
            producer.kind = "PRODUCER"
            consumer = self._fork(received.endpoint, "CONSUMER")
        else:
            consumer = self._side(received.endpoint)
        consumer.shared = True
        begun = self.core.get("wr", received)
        consumer.timestamp, consumer.duration = begun.timestamp, received.timestamp - begun.timestamp
        written = self.core.get("ws", sent)
        producer.timestamp, producer.duration = sent.timestamp, written.timestamp - sent.timestamp

    def _take_addresses_alone(self, known: Mapping[str, Endpoint]) -> None:
        """No core annotation: "sa" is whom a local span spoke to, "ca" alone whom a server heard."""
        side = self._side(known.get("ca") if "sa" in known else None)
        if "sa" not in known:
            side.kind = "SERVER"
        side.remote = known.get("sa", known.get("ca"))

    def _take_addresses(self, known: Mapping[str, Endpoint]) -> None:
        core = self.core
        server, client = core.get("sr", core.get("ss")), core.get("cs", core.get("cr"))
        if "ca" in known and server is not None and known["ca"] != server.endpoint:
            self._side(server.endpoint).remote = _without_own_name(known["ca"], server.endpoint)
        if "sa" in known and client is not None:
            self._side(client.endpoint).remote = known["sa"]
        for name in ("ms", "mr"):
            if "ma" in known and name in core:
                self._side(core[name].endpoint).remote = known["ma"]

    def _side(self, endpoint: Endpoint | None) -> _Side:
        """The span of this endpoint's service; the first takes what names none, and the first name there is."""
        first = self.sides[0]
        if endpoint is None:
            return first
        if first.local is None:
            first.local = endpoint
            return first
        for side in self.sides:
            if _service(side.local) == _service(endpoint):
                return side
        return self._fork(endpoint, None)

    def _fork(self, endpoint: Endpoint | None, kind: str | None) -> _Side:
        side = _Side(endpoint)
        side.kind = kind
        self.sides.append(side)
        return side

    def _time(self, begin: V1Annotation, end: V1Annotation | None) -> None:
        side, span = self._side(begin.endpoint), self.span
        if span.timestamp and span.duration:
            side.timestamp, side.duration = span.timestamp, span.duration
        else:
            side.timestamp = begin.timestamp
            side.duration = end.timestamp - begin.timestamp if end is not None else 0

    def _v2(self, side: _Side) -> ZipkinSpan:
        span = self.span
        return span_of(
            trace_id=span.trace_id,
            id=span.id,
            parent_id=span.parent_id,
            kind=side.kind,
            name=span.name,
            timestamp=side.timestamp,
            duration=side.duration,
            local_endpoint=side.local,
            remote_endpoint=side.remote,
            annotations=side.annotations,
            tags=side.tags,
            debug=span.debug,
            shared=side.shared,
        )


def _service(endpoint: Endpoint | None) -> str | None:
    return endpoint.service_name if endpoint is not None else None


def _without_own_name(client: Endpoint, server: Endpoint | None) -> Endpoint | None:
    """Finagle names the client's socket after the server, which would look as though it called itself."""
    if _service(client) != _service(server):
        return client
    nameless: Any = msgspec.structs.replace(client, service_name=None)
    return nameless if nameless != Endpoint() else None


def convert_all(spans: Iterable[V1Span]) -> list[ZipkinSpan]:
    """All of them, in their order."""
    return [found for span in spans for found in convert(span)]
