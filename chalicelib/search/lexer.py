r"""TraceQL as tokens: words, literals, fields, brackets and operators; blanks and comments go.

An attribute is one token, because its name takes almost everything up to a blank, a bracket or an operator
(`.a-b`, `span.http/status`), with quoted parts for the rest (`span."a b"`, where only \" and \\ are escapes). A minus
right after a name is therefore part of it. Strings are Go's: in double quotes with escapes, or raw between backticks.
A duration is a number directly followed by units, several in a row allowed (`1h30m`, `1.5s`); beside Go's units
there are those of Prometheus: d, w and y (365 days).
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chalicelib.model.errors import QueryError
from chalicelib.search.places import error_at
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic, Static, StaticType

MAX_QUERY_BYTES = 128 * 1024  # as Tempo
MAX_NUMBER_CHARS = 64
INT_RANGE = range(-(2**63), 2**63)

FIELD, LITERAL, WORD = "a field", "a literal", "a word"  # a token's kind, unless that is its own text
END = "the end of the query"
UNREADABLE = "what is no token"

UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # the micro sign
    "\u03bcs": 1_000,  # the Greek letter
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
    "y": 31_536_000_000_000_000,
}


class Token(NamedTuple):
    """`kind` is FIELD, LITERAL, WORD, END or the operator or bracket itself; `value` is what the first two mean."""

    kind: str
    text: str
    offset: int
    value: Attribute | Intrinsic | Static | None = None

    def __str__(self) -> str:
        return self.kind if self.kind == END else f"`{self.text[:60]}`"


# Every alternative is linear in what it looks at, and none fails late: what opens and does not end is a token too.
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_UNIT = f"(?:{'|'.join(UNITS_NS)})"
_NAME = r'(?:[^\s{}()=~!<>&|^,"]|"(?:[^"\\]|\\["\\])*")+'
_TOKEN = re.compile(
    rf"""
      (?P<blank> \s+ | //[^\n]* | /\*(?:[^*]|\*(?!/))*\*/ )
    | (?P<string> "(?P<content>(?:[^"\\\n]|\\[^\n])*)" )
    | (?P<raw> `[^`]*` )
    | (?P<unended> /\* | ["`] )
    | (?P<duration> (?:{_NUMBER}{_UNIT})+ (?![\w.]) )
    | (?P<float> (?:{_NUMBER}[eE][+-]?[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+) (?![\w.]) )
    | (?P<int> [0-9]+ (?![\w.]) )
    | (?P<odd_number> \.?[0-9][\w.]* )
    | (?P<attribute>
        (?: (?P<parent>parent)\.(?:(?P<parent_scope>span|resource)\.)?+
          | (?P<scope>span|resource|event|link|instrumentation)\.
          | \. )
        (?P<name>{_NAME}) )
    | (?P<nameless> (?:parent|span|resource|event|link|instrumentation)?\. )
    | (?P<intrinsic> (?:span|trace|event|link|instrumentation):\w* )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<operator> [!&]>> | [!&]<< | && | \|\| | >> | << | [!&][<>~] | != | =~ | >= | <= | [{{}}(),|=<>~!+\-*/%^] )
    | (?P<unknown> (?s:.) )
    """,
    re.VERBOSE,
)
_DURATION_PART = re.compile(rf"([0-9]*)\.?([0-9]*)({_UNIT})")
_ESCAPE = re.compile(
    r"""\\(?: (?P<simple>[abfnrtv\\"])
            | (?P<hex>x[0-9a-fA-F]{2})
            | (?P<octal>[0-3][0-7]{2})
            | (?P<point>u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})
            | (?P<unknown>.) )""",
    re.VERBOSE,
)
_SIMPLE_ESCAPES = dict(zip('abfnrtv\\"', b'\a\b\f\n\r\t\v\\"', strict=True))
_ESCAPED = re.compile(r"\\(.)")
_QUOTED_PART = re.compile(r'"((?:[^"\\]|\\["\\])*)"')


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text`, the last of kind END. Raises QueryError at what cannot be one, once it gets there."""
    if len(text.encode(errors="replace")) > MAX_QUERY_BYTES:
        raise error_at(text, 0, f"the query is longer than {MAX_QUERY_BYTES // 1024} KiB")
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "blank":
            yield _token(found)
    yield Token(END, "", len(text))


def readable_tokens(text: str) -> Iterator[Token]:
    """As `tokens`, with one of kind UNREADABLE for what cannot be one; what opens and does not end is the end."""
    for found in _TOKEN.finditer(text[:MAX_QUERY_BYTES]):
        if found.lastgroup == "unended":
            break
        if found.lastgroup != "blank":
            try:
                yield _token(found)
            except QueryError:
                yield Token(UNREADABLE, found.group(), found.start())
    yield Token(END, "", len(text))


def _token(found: re.Match[str]) -> Token:
    kind, text = str(found.lastgroup), found.group()
    if kind in _READERS:
        return Token(_KINDS[kind], text, found.start(), _READERS[kind](found))
    return Token(WORD if kind == "word" else text, text, found.start())


def _int(found: re.Match[str]) -> Static:
    digits = _short(found)
    if int(digits) - 1 not in INT_RANGE:  # 2^63 itself may follow a minus
        raise _error(found, f"{digits} does not fit into 64 bits")
    return Static(StaticType.INT, int(digits))


def _float(found: re.Match[str]) -> Static:
    value = float(_short(found))
    if value == float("inf"):
        raise _error(found, f"{found.group()} is too large for a number")
    return Static(StaticType.FLOAT, value)


def _duration(found: re.Match[str]) -> Static:
    total_ns = 0
    for whole, fraction, unit in _DURATION_PART.findall(_short(found)):
        total_ns += int(whole or 0) * UNITS_NS[unit] + int(fraction or 0) * UNITS_NS[unit] // 10 ** len(fraction)
    if total_ns - 1 not in INT_RANGE:
        raise _error(found, f"{found.group()} is more nanoseconds than fit into 64 bits")
    return Static(StaticType.DURATION, total_ns)


def _short(number: re.Match[str]) -> str:
    if number.end() - number.start() > MAX_NUMBER_CHARS:
        raise _error(number, f"a number of more than {MAX_NUMBER_CHARS} characters")
    return number.group()


def _string(found: re.Match[str]) -> Static:
    content, pieces, start = found["content"], list[bytes](), 0
    for escape in _ESCAPE.finditer(content):
        pieces += [content[start : escape.start()].encode(errors="replace"), _unescaped(found, escape)]
        start = escape.end()
    pieces.append(content[start:].encode(errors="replace"))
    try:
        return Static(StaticType.STRING, b"".join(pieces).decode())
    except UnicodeDecodeError as error:
        raise _error(found, "the bytes of this string are no UTF-8") from error


def _unescaped(string: re.Match[str], escape: re.Match[str]) -> bytes:
    digits = escape.group()[1:]
    match escape.lastgroup:
        case "simple":
            return bytes([_SIMPLE_ESCAPES[digits]])
        case "hex":
            return bytes([int(digits[1:], 16)])
        case "octal":
            return bytes([int(digits, 8)])
        case "point" if (point := int(digits[1:], 16)) < 0x110000 and not 0xD800 <= point < 0xE000:
            return chr(point).encode()
    detail = f"{escape.group()} is not an escape that strings have"
    raise error_at(string.string, string.start("content") + escape.start(), detail)


def _raw(found: re.Match[str]) -> Static:
    return Static(StaticType.STRING, found.group()[1:-1].replace("\r", ""))


def _attribute(found: re.Match[str]) -> Attribute:
    name = _QUOTED_PART.sub(lambda part: _ESCAPED.sub(r"\1", part[1]), found["name"])
    scope = AttributeScope(found["parent_scope"] or found["scope"] or "")
    return Attribute(scope, name, parent=found["parent"] is not None)


def _intrinsic(found: re.Match[str]) -> Intrinsic:
    try:
        return Intrinsic(found.group())
    except ValueError:
        scope = found.group().partition(":")[0] + ":"
        known = ", ".join(one.removeprefix(scope) for one in Intrinsic if one.startswith(scope))
        raise _error(found, f"`{found.group()[:60]}` is not an intrinsic; after `{scope}` come {known}") from None


def _unended(found: re.Match[str]) -> Static:
    what = {"/*": "comment", '"': "string in double quotes", "`": "raw string"}[found.group()]
    raise _error(found, f"this {what} does not end")


def _odd_number(found: re.Match[str]) -> Static:
    raise _error(
        found,
        f"`{found.group()[:60]}` is neither a number nor a duration (units are {', '.join(dict.fromkeys(UNITS_NS))}); "
        "an attribute whose name begins with a digit needs quotes",
    )


def _nameless(found: re.Match[str]) -> Attribute:
    raise _error(found, f"expected an attribute's name after `{found.group()}`")


def _unknown(found: re.Match[str]) -> Static:
    raise _error(found, f"{found.group()!r} means nothing here")


def _error(found: re.Match[str], detail: str) -> QueryError:
    return error_at(found.string, found.start(), detail)


_READERS: dict[str, Callable[[re.Match[str]], Attribute | Intrinsic | Static]] = {
    "int": _int,
    "float": _float,
    "duration": _duration,
    "string": _string,
    "raw": _raw,
    "attribute": _attribute,
    "intrinsic": _intrinsic,
    "unended": _unended,
    "odd_number": _odd_number,
    "nameless": _nameless,
    "unknown": _unknown,
}
_KINDS = dict.fromkeys(_READERS, LITERAL) | {"attribute": FIELD, "intrinsic": FIELD}
