"""Jaeger spans as Spanfold's, so that `from_otlp` gives back what came.

The mapping is the Collector's (pkg/translator/jaeger), but that every tag stays an attribute under its name, also
those from which a kind, a status, a scope or a tracestate are taken: Jaeger's readers ask for tags. What is beyond
attributes (a key that is there twice, references in another order, flags) goes into attributes of our own (keys.py).
"""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.codecs.jaeger import keys
from chalicelib.codecs.jaeger.span import (
    CHILD_OF,
    FOLLOWS_FROM,
    SAMPLED,
    JaegerSpan,
    Log,
    Process,
    Reference,
    Tag,
    find_parent,
)
from chalicelib.model.attributes import HOST_NAME, SERVICE_NAME, Attributes
from chalicelib.model.span import Event, Kind, Link, Resource, Scope, Span, StatusCode

NS_PER_US = 1000
KINDS: Mapping[object, int] = {
    "client": Kind.CLIENT,
    "server": Kind.SERVER,
    "producer": Kind.PRODUCER,
    "consumer": Kind.CONSUMER,
    "internal": Kind.INTERNAL,
}
STATUSES = {"OK": StatusCode.OK, "ERROR": StatusCode.ERROR}

_TRACE_FLAGS = 0x01  # of W3C's, what Jaeger's have too
_INT64 = 1 << 63


def to_spans(spans: Iterable[JaegerSpan]) -> list[Span]:
    """The spans, in their order; those of one process share a Resource, and those of one scope a Scope."""
    making = _Making()
    return [making.span(span) for span in spans]


class _Making:
    def __init__(self) -> None:
        self._resources: dict[int, tuple[Process, Resource]] = {}  # the process stays, and with it its id
        self._scopes: dict[tuple[str, str], Scope] = {}

    def span(self, span: JaegerSpan) -> Span:
        tags = _by_key(span.tags, keys.TAGS)
        kind = KINDS.get(_text(tags, keys.SPAN_KIND), Kind.UNSPECIFIED)
        code, message = status_of(tags, kind)
        parent_id = find_parent(span.references, span.trace_id)
        links = links_of(span.references, span.trace_id, parent_id)
        return Span(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_id=parent_id,
            name=span.operation_name,
            kind=kind,
            start_ns=span.start_us * NS_PER_US,
            end_ns=(span.start_us + span.duration_us) * NS_PER_US,
            status_code=code,
            status_message=message,
            attributes=tags | _own(span, parent_id, links),
            events=tuple([_event(log) for log in span.logs]),
            links=links,
            flags=span.flags & _TRACE_FLAGS,
            trace_state=_text(tags, keys.TRACE_STATE),
            resource=self._resource(span.process),
            scope=self._scope(tags),
        )

    def _resource(self, process: Process) -> Resource:
        if id(process) not in self._resources:
            self._resources[id(process)] = process, resource_of(process)
        return self._resources[id(process)][1]

    def _scope(self, tags: Attributes) -> Scope:
        name = _text(tags, keys.SCOPE_NAME) or _text(tags, keys.LIBRARY_NAME)
        version = _text(tags, keys.SCOPE_VERSION) or _text(tags, keys.LIBRARY_VERSION)
        if (name, version) not in self._scopes:
            self._scopes[name, version] = Scope(name=name, version=version, attributes={keys.SOURCE: keys.JAEGER})
        return self._scopes[name, version]


def resource_of(process: Process) -> Resource:
    """The process as a resource: its name is service.name, and its "hostname" is there as host.name too."""
    names = {tag.key for tag in process.tags}
    listed = SERVICE_NAME in names or {keys.HOSTNAME, HOST_NAME} <= names
    attributes = _by_key(process.tags, keys.PROCESS_TAGS, listed=listed)
    if process.service_name and process.service_name != keys.NO_SERVICE:
        attributes = attributes | {SERVICE_NAME: process.service_name}
    else:
        attributes.pop(SERVICE_NAME, None)
    if keys.HOSTNAME in attributes and HOST_NAME not in attributes:
        attributes[HOST_NAME] = attributes[keys.HOSTNAME]
    return Resource(attributes=attributes)


def status_of(tags: Attributes, kind: int) -> tuple[int, str]:
    """The status that tags tell of: `error`, else `otel.status_code`, else HTTP's."""
    message = _text(tags, keys.STATUS_DESCRIPTION)
    if tags.get(keys.ERROR) is True:
        return StatusCode.ERROR, message or _text(tags, keys.HTTP_STATUS_MESSAGE)
    if keys.STATUS_CODE in tags:
        code = STATUSES.get(_text(tags, keys.STATUS_CODE).upper(), StatusCode.UNSET)
        return code, message
    if _is_http_failure(tags.get(keys.HTTP_STATUS), kind):
        return StatusCode.ERROR, _text(tags, keys.HTTP_STATUS_MESSAGE)
    return StatusCode.UNSET, ""


def references_of(span: Span) -> tuple[Reference, ...]:
    """What parent and links say: the parent first, of the type of a link to it if there is one, then other links."""
    parent = None if span.parent_id is None else (span.trace_id, span.parent_id)
    told = [Reference(CHILD_OF, *parent)] if parent is not None else []
    for link in span.links:
        kind = CHILD_OF if link.attributes.get(keys.REF_TYPE) == keys.CHILD_OF else FOLLOWS_FROM
        if parent is not None and (link.trace_id, link.span_id) == parent:
            told[0] = Reference(kind, *parent)
        else:
            told.append(Reference(kind, link.trace_id, link.span_id))
    return tuple(told)


def links_of(references: Sequence[Reference], trace_id: str, parent_id: str | None) -> tuple[Link, ...]:
    """A link for every reference but the CHILD_OF to the parent."""
    parent = Reference(CHILD_OF, trace_id, parent_id or "")
    return tuple([
        Link(
            trace_id=one.trace_id,
            span_id=one.span_id,
            attributes={keys.REF_TYPE: keys.CHILD_OF if one.type == CHILD_OF else keys.FOLLOWS_FROM},
        )
        for one in references
        if one != parent
    ])  # fmt: skip


def _own(span: JaegerSpan, parent_id: str | None, links: tuple[Link, ...]) -> Attributes:
    """What attributes of our own have to say."""
    said: Attributes = {}
    plain = Span(trace_id=span.trace_id, span_id=span.span_id, parent_id=parent_id, links=links)
    if len(span.references) > 1 and references_of(plain) != span.references:
        said[keys.REFERENCES] = [list(one) for one in span.references]
    if span.flags not in (0, SAMPLED):
        said[keys.FLAGS] = span.flags
    return said


def _by_key(tags: Sequence[Tag], list_key: str, *, listed: bool = False) -> Attributes:
    """The tags as attributes, the last of each key, with all of them under `list_key` where that loses any."""
    found: Attributes = dict(tags)
    own = [key for key in found if key.startswith(keys.OWN)]
    if len(found) == len(tags) and not own and not listed:
        return found
    for key in own:
        del found[key]
    found[list_key] = [list(tag) for tag in tags]
    return found


def _event(log: Log) -> Event:
    """A log as an event. "event" is its name; it stays a field as well where it is not the first."""
    fields = _by_key(log.fields, keys.FIELDS)
    name = _text(fields, keys.EVENT)
    if name and log.fields[0].key == keys.EVENT and keys.FIELDS not in fields:
        del fields[keys.EVENT]
    return Event(time_ns=log.timestamp_us * NS_PER_US, name=name, attributes=fields)


def _is_http_failure(status: object, kind: int) -> bool:
    number = _whole_number(status)
    if number is None:
        return False
    if 400 <= number < 500 and kind == Kind.SERVER:
        return False
    return not 100 <= number < 400


def _whole_number(value: object) -> int | None:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def _text(tags: Attributes, key: str) -> str:
    value = tags.get(key)
    return value if isinstance(value, str) else ""
