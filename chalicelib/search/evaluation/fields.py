"""How each attribute and intrinsic is read from a span."""

from collections.abc import Callable
from typing import Any

from chalicelib.model.attributes import Attributes
from chalicelib.model.span import Span
from chalicelib.search.evaluation.subjects import Reader, Subject
from chalicelib.search.evaluation.values import KINDS, STATUSES, DurationNs, KindName, StatusName
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic

Field = Attribute | Intrinsic

_EVENT_INTRINSICS = frozenset({Intrinsic.EVENT_NAME, Intrinsic.EVENT_TIME_SINCE_START})
_LINK_INTRINSICS = frozenset({Intrinsic.LINK_TRACE_ID, Intrinsic.LINK_SPAN_ID})


def is_about_events(field: Field) -> bool:
    """Whether a span has as many values of it as events."""
    return field in _EVENT_INTRINSICS or (isinstance(field, Attribute) and field.scope is AttributeScope.EVENT)


def is_about_links(field: Field) -> bool:
    """Whether a span has as many values of it as links."""
    return field in _LINK_INTRINSICS or (isinstance(field, Attribute) and field.scope is AttributeScope.LINK)


def reader(field: Field) -> Reader:
    """A function that gives the field's value, or None where there is none. Of events and links, the subject's."""
    if isinstance(field, Intrinsic):
        return _INTRINSIC_READERS[field]
    if field.parent:
        return _parent_reader(field)
    if field.scope is AttributeScope.ANY:
        return _any_reader(field.name)
    return _scoped_reader(field)


def _scoped_reader(field: Attribute) -> Reader:
    attributes_of, name = _ATTRIBUTES_OF[field.scope], field.name

    def read(subject: Subject) -> Any:
        value = attributes_of(subject).get(name)
        return None if value == [] else value

    return read


def _any_reader(name: str) -> Reader:
    def read(subject: Subject) -> Any:
        return _find_any(subject.span, name)

    return read


def _find_any(span: Span, name: str) -> Any:
    """The span's own attribute wins over that of its resource."""
    value = span.attributes.get(name)
    if value is None or value == []:
        value = span.resource.attributes.get(name)
    return None if value == [] else value


def _parent_reader(field: Attribute) -> Reader:
    here = reader(Attribute(field.scope, field.name))

    def read(subject: Subject) -> Any:
        position = subject.facts.parents[subject.position]
        return None if position < 0 else here(subject.facts.subjects[position])

    return read


_ATTRIBUTES_OF: dict[AttributeScope, Callable[[Subject], Attributes]] = {
    AttributeScope.SPAN: lambda subject: subject.span.attributes,
    AttributeScope.RESOURCE: lambda subject: subject.span.resource.attributes,
    AttributeScope.INSTRUMENTATION: lambda subject: subject.span.scope.attributes,
    AttributeScope.EVENT: lambda subject: subject.event.attributes,
    AttributeScope.LINK: lambda subject: subject.link.attributes,
}


def _duration(subject: Subject) -> DurationNs:
    span = subject.span
    return DurationNs(max(0, span.end_ns - span.start_ns))


def _kind(subject: Subject) -> KindName:
    number = subject.span.kind
    return KINDS.get(number) or KindName(number)


def _status(subject: Subject) -> StatusName:
    number = subject.span.status_code
    return STATUSES.get(number) or StatusName(number)


def _parent_id(subject: Subject) -> str | None:
    parent_id = subject.span.parent_id
    return parent_id if parent_id and parent_id.strip("0") else None


def _root_name(subject: Subject) -> str | None:
    root = subject.facts.root
    return None if root is None else root.name


def _root_service(subject: Subject) -> str | None:
    root = subject.facts.root
    return None if root is None else root.resource.service_name


_INTRINSIC_READERS: dict[Intrinsic, Reader] = {
    Intrinsic.SPAN_DURATION: _duration,
    Intrinsic.SPAN_NAME: lambda subject: subject.span.name,
    Intrinsic.SPAN_KIND: _kind,
    Intrinsic.SPAN_STATUS: _status,
    Intrinsic.SPAN_STATUS_MESSAGE: lambda subject: subject.span.status_message,
    Intrinsic.SPAN_ID: lambda subject: subject.span.span_id,
    Intrinsic.SPAN_PARENT_ID: _parent_id,
    Intrinsic.SPAN_CHILD_COUNT: lambda subject: len(subject.facts.children.get(subject.position, ())),
    Intrinsic.TRACE_DURATION: lambda subject: DurationNs(subject.facts.duration_ns),
    Intrinsic.TRACE_ROOT_NAME: _root_name,
    Intrinsic.TRACE_ROOT_SERVICE: _root_service,
    Intrinsic.TRACE_ID: lambda subject: subject.facts.trace.trace_id,
    Intrinsic.EVENT_NAME: lambda subject: subject.event.name,
    Intrinsic.EVENT_TIME_SINCE_START: lambda subject: DurationNs(subject.event.time_ns - subject.span.start_ns),
    Intrinsic.LINK_TRACE_ID: lambda subject: subject.link.trace_id,
    Intrinsic.LINK_SPAN_ID: lambda subject: subject.link.span_id,
    Intrinsic.INSTRUMENTATION_NAME: lambda subject: subject.span.scope.name,
    Intrinsic.INSTRUMENTATION_VERSION: lambda subject: subject.span.scope.version,
    Intrinsic.NESTED_SET_LEFT: lambda subject: subject.facts.nested_sets[subject.position][0],
    Intrinsic.NESTED_SET_RIGHT: lambda subject: subject.facts.nested_sets[subject.position][1],
    Intrinsic.NESTED_SET_PARENT: lambda subject: subject.facts.nested_sets[subject.position][2],
}
