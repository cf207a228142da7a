"""W3C Baggage: `baggage: key=value;property, key2=value2`, in any number of header lines.

Specification: https://www.w3.org/TR/baggage/ (editor's draft of June 2025). A key is a token and not decoded; a value
is percent-encoded UTF-8, and bytes that are no UTF-8 become U+FFFD. Order and duplicates stay. A member that breaks the
grammar is left out, the others are read. 180 members and 8,192 bytes are read and sent, OpenTelemetry's limits (the
specification's least is 64 and as many bytes, 3.3.2); a member that no longer fits is left out whole.

A plus is a plus here, as the specification says. OpenTelemetry Python (api 1.45.2) writes a blank as one, and reads a
plus as a blank, so ours is written as %2B, and a blank as %20: both then read the same.
"""

from .context import TraceContext
from .headers import Headers
from .patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    Members = tuple[tuple[str, str], ...]

NAME = "baggage"
FIELDS: tuple[str, ...] = ("baggage",)

MAX_MEMBERS = 180
MAX_BYTES = 8192
MAX_PROPERTIES = 180  # of a member: the specification has no limit, and 4,000 would take a millisecond
TOKEN = Pattern(r"[a-zA-Z0-9!#$%&'*+\-.^_`|~]+")  # RFC 9110, 5.6.2

_OWS = " \t"
_OCTETS = r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"
_PAIR = Pattern(rf"({TOKEN.text})[ \t]*=[ \t]*({_OCTETS})")
_PROPERTY = Pattern(rf"({TOKEN.text})(?:[ \t]*=[ \t]*({_OCTETS}))?")
_ESCAPED = Pattern(r"(?:%[0-9a-fA-F]{2})+")
_TO_ESCAPE = Pattern(r"[^!#$&'()*\-./0-9:<=>?@A-Z\[\]^_`a-z{|}~]")


class WithProperties(str):
    """A value that came with properties: `properties` is what stood behind it, without blanks and still encoded."""

    __slots__ = ("properties",)

    properties: str


def extract(headers: Headers) -> TraceContext | None:  # noqa: ARG001  # the signature of every format
    """None: baggage names no span."""
    return None


def inject(context: TraceContext, write: "Callable[[str, str], None]") -> None:
    """Write nothing: baggage names no span."""


def extract_baggage(headers: Headers) -> "Members":
    """Name and value of every member, decoded, in order; () if there is none."""
    return parse(headers.all("baggage"))


def inject_baggage(members: "Iterable[tuple[str, str]]", write: "Callable[[str, str], None]") -> None:
    """Write the header, if there is something to say."""
    text = format(members)
    if text:
        write("baggage", text)


def parse(values: list[str]) -> "Members":
    """Name and value of every member of every header line, in order. What goes beyond the limits is not read."""
    text = ",".join(values)
    if len(text) > MAX_BYTES:
        text = text[: MAX_BYTES + 1].rpartition(",")[0]
    told = [member for part in text.split(",") if (member := part.strip(_OWS))]
    return tuple(read for member in told[:MAX_MEMBERS] if (read := _member(member)))


def format(members: "Iterable[tuple[str, str]]") -> str:  # noqa: A001  # the opposite of parse
    """The header's value; "" for none. Names that are no tokens, and members that do not fit, are left out."""
    kept: list[str] = []
    left_bytes = MAX_BYTES + 1
    for name, value in members:
        if not TOKEN.fullmatch(name):
            continue
        member = f"{name}={encoded(value)}{_properties(value)}"
        if len(member) < left_bytes:
            kept.append(member)
            left_bytes -= len(member) + 1
        if len(kept) == MAX_MEMBERS:
            break
    return ",".join(kept)


def encoded(value: str) -> str:
    """`value` percent-encoded; a surrogate without its other half becomes a question mark."""
    return _TO_ESCAPE.sub(_escape, value)


def decoded(text: str) -> str:
    """`text` without its percent-encoding. A percent sign that starts none stays."""
    return _ESCAPED.sub(_unescape, text) if "%" in text else text


def _member(text: str) -> tuple[str, str] | None:
    pair, semicolon, rest = text.partition(";")
    match = _PAIR.fullmatch(pair.strip(_OWS))
    if match is None:
        return None
    value = decoded(match[2])
    properties = _read_properties(rest) if semicolon else ""
    if properties:
        value = WithProperties(value)
        value.properties = properties
    return match[1], value


def _read_properties(text: str) -> str:
    found = (_PROPERTY.fullmatch(part.strip(_OWS)) for part in text.split(";")[:MAX_PROPERTIES])
    return ";".join(match[1] if match[2] is None else f"{match[1]}={match[2]}" for match in found if match)


def _properties(value: str) -> str:
    return f";{value.properties}" if isinstance(value, WithProperties) else ""


def _unescape(match: "re.Match[str]") -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace")


def _escape(match: "re.Match[str]") -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))
