"""Zipkin spans as Spanfold's, so that `from_otlp` gives back what came.

The mapping is the Collector's (keys.py), with what it drops kept in attributes of our own: debug, shared, a second
address, an absent timestamp. Every tag stays an attribute under its name and as text, also those from which a status,
a scope or a tracestate are taken, because Zipkin's readers ask for tags.
"""

from collections.abc import Iterable, Mapping

from chalicelib.codecs.zipkin import keys
from chalicelib.codecs.zipkin.span import Endpoint, ZipkinSpan
from chalicelib.model.attributes import SERVICE_NAME, Attributes
from chalicelib.model.span import Event, Kind, Resource, Scope, Span, StatusCode

NS_PER_US = 1000
KINDS: Mapping[str | None, int] = {
    None: Kind.UNSPECIFIED,
    "CLIENT": Kind.CLIENT,
    "SERVER": Kind.SERVER,
    "PRODUCER": Kind.PRODUCER,
    "CONSUMER": Kind.CONSUMER,
}
ERROR, STATUS_CODE, STATUS_TEXT, TRACE_STATE = "error", "otel.status_code", "otel.status_description", "w3c.tracestate"
_STATUS = {"OK": StatusCode.OK, "ERROR": StatusCode.ERROR}
_SCOPE_NAMES = ("otel.scope.name", "otel.library.name")  # now, and as SDKs wrote it until 2023
_SCOPE_VERSIONS = ("otel.scope.version", "otel.library.version")
_SAYS_NOTHING = frozenset({"", "true"})  # values of the tag "error" that only say that there was one


def to_spans(spans: Iterable[ZipkinSpan]) -> list[Span]:
    """The spans, in their order; those of one service share a Resource, and those of one scope a Scope."""
    reading = _Reading()
    return [reading.span(span) for span in spans]


class _Reading:
    def __init__(self) -> None:
        self._resources: dict[str | None, Resource] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}

    def span(self, span: ZipkinSpan) -> Span:
        tags = span.tags
        start_us = span.timestamp or (span.annotations[0].timestamp if span.annotations else 0)
        code, message = status_of(tags)
        return Span(
            trace_id=span.trace_id.zfill(32),
            span_id=span.id,
            parent_id=span.parent_id,
            name=span.name or "",
            kind=KINDS[span.kind],
            start_ns=start_us * NS_PER_US,
            end_ns=(start_us + (span.duration or 0)) * NS_PER_US,
            status_code=code,
            status_message=message,
            attributes=_attributes(span),
            events=tuple(
                [Event(time_ns=max(0, one.timestamp) * NS_PER_US, name=one.value) for one in span.annotations]
            ),
            trace_state=tags.get(TRACE_STATE, ""),
            resource=self._resource(span.local_endpoint),
            scope=self._scope(tags),
        )

    def _resource(self, local: Endpoint | None) -> Resource:
        name = local.service_name if local is not None else None
        if name not in self._resources:
            self._resources[name] = Resource(attributes={SERVICE_NAME: name} if name else {})
        return self._resources[name]

    def _scope(self, tags: Mapping[str, str]) -> Scope:
        said = (_first(tags, _SCOPE_NAMES), _first(tags, _SCOPE_VERSIONS))
        if said not in self._scopes:
            self._scopes[said] = Scope(name=said[0], version=said[1], attributes={keys.SOURCE: keys.ZIPKIN})
        return self._scopes[said]


def status_of(tags: Mapping[str, str]) -> tuple[int, str]:
    """The status that tags tell of: OpenTelemetry's own, or Zipkin's "error", whose value is the message."""
    code = _STATUS.get(tags.get(STATUS_CODE, "").upper())
    error = tags.get(ERROR)
    if code is None:
        code = StatusCode.UNSET if error is None else StatusCode.ERROR
    if code is not StatusCode.ERROR:
        return code, ""
    return code, tags.get(STATUS_TEXT) or ("" if error is None or error.lower() in _SAYS_NOTHING else error)


def _attributes(span: ZipkinSpan) -> Attributes:
    fields = _fields(span)
    tags = span.tags
    if keys.FIELDS.isdisjoint(tags) and keys.TAG not in "".join(tags):  # a hint, and quicker than to look at each
        return tags | fields if fields else tags
    named = [key for key in tags if key in keys.FIELDS and key not in fields and key != keys.TAGS]
    moved = {keys.TAG + key if _is_taken(key, fields) else key: value for key, value in tags.items()}
    return moved | fields | ({keys.TAGS: named} if named else {})


def _is_taken(tag: str, fields: Attributes) -> bool:
    return tag in fields or tag == keys.TAGS or tag.startswith(keys.TAG)


def _fields(span: ZipkinSpan) -> Attributes:
    fields: Attributes = {}
    if span.local_endpoint is not None:
        _add_address(fields, span.local_endpoint, keys.LOCAL_IP, keys.LOCAL_IPV6, keys.LOCAL_PORT)
    if span.remote_endpoint is not None:
        if span.remote_endpoint.service_name:
            fields[keys.REMOTE_SERVICE] = span.remote_endpoint.service_name
        _add_address(fields, span.remote_endpoint, keys.REMOTE_IP, keys.REMOTE_IPV6, keys.REMOTE_PORT)
    if span.debug:
        fields[keys.DEBUG] = True
    if span.shared:
        fields[keys.SHARED] = True
    if span.timestamp is None and span.annotations:
        fields[keys.NO_TIMESTAMP] = True
    return fields


def _add_address(fields: Attributes, endpoint: Endpoint, ip: str, ipv6: str, port: str) -> None:
    if endpoint.ipv4 or endpoint.ipv6:
        fields[ip] = endpoint.ipv4 or endpoint.ipv6
    if endpoint.ipv4 and endpoint.ipv6:
        fields[ipv6] = endpoint.ipv6
    if endpoint.port:
        fields[port] = endpoint.port


def _first(tags: Mapping[str, str], names: Iterable[str]) -> str:
    return next((tags[name] for name in names if name in tags), "")
