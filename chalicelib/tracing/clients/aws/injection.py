"""The context of one call on its way into what the call sends, and why it did not get there where it did not."""

from .. import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ....propagation.context import TraceContext
    from ...span import Span
    from ...tracer import Tracer

INJECT = "spanfold.inject"  # on the span: "skipped: …", "reduced: …"


class Untouched(Exception):  # no error: the call goes out as it came
    """Why a message is not to be changed."""


class Injection:
    """Fields to be written, and what became of them.

    `fields`: header names to values for message attributes; `xray`: X-Ray's header, "" where that is X-Ray's own
    business. `members`: the parameters that the installed botocore knows.
    """

    __slots__ = ("_body", "carried", "fields", "members", "options", "reduced", "skipped", "span", "tracer", "xray")

    def __init__(self, span: "Span", tracer: "Tracer", members: "frozenset[str]") -> None:
        self.span = span
        self.fields = carried.fields_of(span, tracer)
        self.tracer = tracer
        self._body: dict[str, str] | None = None
        self.xray = carried.xray_of(span) if self.fields else ""
        self.options = tracer.config.inject
        self.members = members
        self.carried = 0
        self.skipped: list[str] = []
        self.reduced: list[str] = []

    @property
    def body(self) -> dict[str, str]:
        """Fields for a JSON object, W3C's whatever the propagators are; {} where they are none."""
        if self._body is None:
            self._body = carried.body_fields_of(self.span, self.tracer)
        return self._body

    def is_opted_in(self, name: str) -> bool:
        """Whether SPANFOLD_INJECT names what is off by default."""
        return name in self.options

    def is_opted_out(self, name: str) -> bool:
        """Whether SPANFOLD_INJECT takes away (`-name`) what is on by default."""
        return f"-{name}" in self.options

    def keep(self, context: "TraceContext | None") -> None:
        """Somebody put a context there before us: it stays, and our span links to it."""
        if context is not None:
            self.span.add_link(context)
        raise Untouched("it has a context already")

    def each(self, entries: "list[Any]", fill: "Callable[[Any], Any]") -> "list[Any]":
        """`fill` of every entry in a new list, in order; those that are to stay as they are, are themselves."""
        return [self.one(entry, fill) for entry in entries]

    def one(self, entry: "Any", fill: "Callable[[Any], Any]") -> "Any":
        """`fill(entry)`, which gives a new entry or raises Untouched; the entry itself where it does."""
        try:
            filled = fill(entry)
        except Untouched as reason:
            self.skipped.append(str(reason))
            return entry
        self.carried += 1
        return filled

    def tell(self) -> None:
        """Say on the span what did not go along. Nothing for what nobody asked for."""
        count = self.carried + len(self.skipped)
        if self.skipped:
            share = "" if count == 1 else f" ({len(self.skipped)} of {count})"
            self.span.set_attribute(INJECT, f"skipped: {self.skipped[0]}{share}")
        elif self.reduced:
            self.span.set_attribute(INJECT, f"reduced: {self.reduced[0]}")
