"""One span per operation: exact repeats go, versions of a span become one, and order of arrival is forgotten.

Spans come back from the store as often as they were sent: retried posts, redelivered queue messages, two exporters.
What counts as the same span, in the order in which it is asked:

1. Equal in every field (attributes compared without order): one is kept, silently. That is delivery, not news.
2. Same trace id, span id, service, kind and start: versions of one operation, because a sender reports it open and
   then closed (X-Ray's in-progress segments, early records of a function that may be killed), or a second pipeline
   added attributes. One that the function ended wins over one that we closed for it, and that over an open one
   (model/versions.py); then the one that ends last, then the one with most to say, then the greater bytes; never a
   blend of them, which nobody sent. Warned about as version-replaced.
3. Same ids, one CLIENT and one SERVER: a Zipkin RPC whose two sides share an id. Both are kept (Jaeger gives the
   server a new id, Zipkin's reader makes it the client's child; we do the latter and keep the id, see parents.py).
4. Anything else with the same ids is a collision: all are kept, as Jaeger does, and warned about as id-used-twice.
   Zipkin would merge these two; but a wrong merge hides a span and a wrong keep only shows one too many.

After this step spans are sorted by span id, trace id and content, so that nothing later depends on arrival.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from chalicelib.assembly.draft import Draft, add_warning
from chalicelib.assembly.vocabulary import ID_USED_TWICE, VERSION_REPLACED
from chalicelib.model.span import Kind, Span
from chalicelib.model.versions import standing

_canonical = msgspec.msgpack.Encoder(order="deterministic").encode  # NaN equals itself; 1, 1.0 and True differ


class _Operation(NamedTuple):
    span: Span
    version_count: int


def merge_repeats(draft: Draft) -> Draft:
    """`draft` with each operation's span once, in canonical order. Needs nothing but spans."""
    kept: list[Span] = []
    replaced: list[int] = []
    collided: list[int] = []
    for _, group in groupby(sorted(draft.spans, key=_identity), key=_identity):
        operations = _operations(list(group))
        here = range(len(kept), len(kept) + len(operations))
        replaced.extend(i for i, operation in zip(here, operations, strict=True) if operation.version_count > 1)
        if not _belong_together(operations):
            collided.extend(here)
        kept.extend(operation.span for operation in operations)
    warnings = add_warning(draft.warnings, VERSION_REPLACED, replaced)
    return msgspec.structs.replace(draft, spans=kept, warnings=add_warning(warnings, ID_USED_TWICE, collided))


def _identity(span: Span) -> tuple[str, str]:
    return span.span_id, span.trace_id


def _operations(reports: Sequence[Span]) -> list[_Operation]:
    """The distinct operations among spans of equal ids, in an order that depends on their content alone."""
    if len(reports) == 1:
        return [_Operation(reports[0], 1)]
    versions: dict[tuple[str, int, int], list[tuple[tuple[int, int, int], bytes, Span]]] = {}
    for content, span in {_canonical(span): span for span in reports}.items():
        operation = (span.resource.service_name, span.kind, span.start_ns)
        versions.setdefault(operation, []).append((standing(span), content, span))
    return [_Operation(max(found)[-1], len(found)) for _, found in sorted(versions.items(), key=lambda item: item[0])]


def _belong_together(operations: Sequence[_Operation]) -> bool:
    """Whether equal ids are no accident: a single operation, or the two sides of a call that share their id."""
    kinds = [operation.span.kind for operation in operations]
    return len(kinds) == 1 or sorted(kinds) == [Kind.SERVER, Kind.CLIENT]
