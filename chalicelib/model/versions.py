"""Of several reports of one operation, the one that counts.

A function says that an operation is under way (a start line, an open span sent as its time ran out) and later that it
ended. Where it died in between, the platform's log tells when and of what, and we close the span for it. The function's
own word is never overruled: it knows more, and may only have come late.
"""

from chalicelib.model.attributes import CLOSED_BY
from chalicelib.model.span import Span

_OPEN, _CLOSED_FOR_IT, _CLOSED = range(3)


def standing(span: Span) -> tuple[int, int, int]:
    """The greater, the more a report counts: ended by itself, ended by us, open; then the later; then the fuller.

    Of two that we ended the earlier counts: we had not yet heard of the first sign of death when we made the other.
    """
    ending = _ending(span)
    end_ns = -span.end_ns if ending == _CLOSED_FOR_IT else span.end_ns
    return ending, end_ns, len(span.attributes) + len(span.events) + len(span.links)


def _ending(span: Span) -> int:
    if not span.end_ns:
        return _OPEN
    return _CLOSED_FOR_IT if CLOSED_BY in span.attributes else _CLOSED
