"""The values that spans have of an attribute or intrinsic, by its name and scope."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from chalicelib.model.attributes import Value
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.search.evaluation.fields import is_about_events, is_about_links, reader
from chalicelib.search.evaluation.subjects import Subject, TraceFacts
from chalicelib.search.evaluation.values import static_of
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Static

INTRINSIC = "intrinsic"

Field = Attribute | Intrinsic

_INTRINSICS = {intrinsic.value: intrinsic for intrinsic in Intrinsic}


def scope_and_key(field: Field) -> tuple[str, str]:
    """What the API calls the field."""
    if isinstance(field, Intrinsic):
        return INTRINSIC, field.value
    return field.scope.value, field.name


def fields_named(key: str, scope: str | None) -> list[Field]:
    """The fields of this name: one of the scope that is asked for, or one of each, as far as there is one."""
    found: list[Field] = [
        Attribute(each, key)
        for each in AttributeScope
        if each is not AttributeScope.ANY and scope in (None, each.value)
    ]
    if scope in {None, INTRINSIC} and key in _INTRINSICS:
        found.append(_INTRINSICS[key])
    return found


def values_in(
    trace: StoredTrace, fields: Iterable[Field], span_ids: AbstractSet[str] | None
) -> set[tuple[str, Static]]:
    """(scope, value) of all that spans of the trace have under these fields; `span_ids` None: any of its spans.

    Elements of arrays count as values; maps and bytes do not.
    """
    subjects = [each for each in TraceFacts(trace).subjects if span_ids is None or each.span.span_id in span_ids]
    return {
        (scope_and_key(field)[0], static_of(element))
        for field in fields
        for subject in subjects
        for value in _values(field, subject)
        for element in (value if isinstance(value, list) else [value])
        if isinstance(element, str | int | float)
    }


def _values(field: Field, subject: Subject) -> Iterator[Value]:
    read = reader(field)
    if is_about_events(field):
        return map(read, subject.with_events())
    if is_about_links(field):
        return map(read, subject.with_links())
    return iter([read(subject)])
