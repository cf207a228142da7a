"""The parameters of the native API: how each is read, and what the OpenAPI document says of it. One table for both."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib.model.errors import QueryError
from chalicelib.model.windows import HOUR_S, NS_PER_S, Window
from chalicelib.query.attributes import DEFAULT_VALUES, MAX_VALUES, SCOPES
from chalicelib.query.links import DEFAULT_LIMIT as DEFAULT_LINKS
from chalicelib.query.links import MAX_LIMIT as MAX_LINKS
from chalicelib.query.rollups import LABELS, MINUTE_S
from chalicelib.query.search import DEFAULT_LIMIT, DEFAULT_SPANS, MAX_LIMIT, MAX_SPANS
from chalicelib.query.series import DEFAULT_SERIES, MAX_EXEMPLARS, MAX_SERIES
from chalicelib.routes.request import Request

T = TypeVar("T")

DEFAULT_RANGE_S = HOUR_S
AHEAD_S = 60  # a range without an end goes this far past now: senders' clocks may be ahead of ours

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")

_SECONDS = r"\d{1,12}(\.\d{1,9})?"
_RFC_3339 = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)"
_STEP = r"\d{1,9}(\.\d{1,9})?(ns|us|ms|s|m|h|d)?"
_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": HOUR_S * NS_PER_S,
    "d": 24 * HOUR_S * NS_PER_S,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Parameter(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A parameter of the query string. `read` turns its text into a value, and raises QueryError for other texts."""

    name: str
    description: str
    schema: Mapping[str, Any]
    read: Callable[[str], T]
    default: T
    is_required: bool = False

    def of(self, request: Request) -> T:
        """Its value in `request`; an absent or empty one has the default. Raises QueryError."""
        text = request.find_one(self.name)
        if text:
            return self.read(text)
        if self.is_required:
            raise QueryError(f"query parameter {self.name!r} is missing")
        return self.default


def moment(name: str) -> Callable[[str], int]:
    """Reads epoch seconds or RFC 3339 as nanoseconds, exactly."""

    def read(text: str) -> int:
        if re.fullmatch(_SECONDS, text, re.ASCII):
            return _decimal_ns(text, NS_PER_S)
        if re.fullmatch(_RFC_3339, text, re.ASCII):
            found = _rfc3339_ns(text)
            if found is not None:
                return found
        raise QueryError(f"{name}={text[:64]!r} is neither epoch seconds nor a moment of RFC 3339")

    return read


def duration(name: str) -> Callable[[str], int]:
    """Reads seconds, or a number with a unit, as nanoseconds; above 0."""

    def read(text: str) -> int:
        found = re.fullmatch(_STEP, text, re.ASCII)
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        length_ns = _decimal_ns(number, _UNIT_NS[text[len(number) :] or "s"]) if found else 0
        if length_ns <= 0:
            raise QueryError(f"{name}={text[:64]!r} is not a duration such as 60, 1.5s or 5m")
        return length_ns

    return read


def whole_number(name: str, least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
            raise QueryError(f"{name}={text[:64]!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


def choice(name: str, choices: Mapping[str, T]) -> Callable[[str], T]:
    """Reads one of `choices`."""

    def read(text: str) -> T:
        if text not in choices:
            raise QueryError(f"{name}={text[:64]!r} is none of {', '.join(choices)}")
        return choices[text]

    return read


def several(name: str, choices: tuple[str, ...]) -> Callable[[str], frozenset[str]]:
    """Reads some of `choices` with commas between."""
    one = choice(name, {each: each for each in choices})

    def read(text: str) -> frozenset[str]:
        return frozenset(map(one, text.split(",")))

    return read


def _count(name: str, description: str, least: int, most: int, default: int) -> Parameter[int]:
    return Parameter(
        name=name,
        description=description,
        schema={"type": "integer", "minimum": least, "maximum": most, "default": default},
        read=whole_number(name, least, most),
        default=default,
    )


def _text(name: str, description: str, **more: Any) -> Parameter[str | None]:
    return Parameter(name=name, description=description, schema={"type": "string", **more}, read=str, default=None)


def _moment(name: str, description: str) -> Parameter[int | None]:
    pattern = f"^({_SECONDS}|{_RFC_3339})$"
    schema = {"type": "string", "pattern": pattern, "examples": ["1782043200.5", "2026-06-21T12:00:00.5Z"]}
    return Parameter(name=name, description=description, schema=schema, read=moment(name), default=None)


def _several(name: str, description: str, choices: tuple[str, ...]) -> Parameter[frozenset[str]]:
    either = "|".join(choices)
    return Parameter(
        name=name,
        description=f"{description}: any of {', '.join(choices)}, with commas between.",
        schema={"type": "string", "pattern": f"^({either})(,({either}))*$"},
        read=several(name, choices),
        default=frozenset(),
    )


START = _moment(
    "start", "Where the range begins, inclusive: epoch seconds or RFC 3339. An hour before the end if missing."
)
END = _moment("end", "Where the range ends, exclusive. A minute from now if missing, for clocks that are ahead.")
RANGE = (START, END)
CURSOR = _text("cursor", "That of the page before. It carries the range, so that `start` and `end` are not looked at.")

SEARCH_QUERY = _text("q", "TraceQL; without it every trace is found.", examples=["{ status = error }"])
LIMIT = _count("limit", "The most traces on a page.", 1, MAX_LIMIT, DEFAULT_LIMIT)
SPANS = _count("spss", "The most spans to show of each spanset.", 0, MAX_SPANS, DEFAULT_SPANS)

LINKS_LIMIT = _count("limit", "The most links to this trace on a page, more or less.", 1, MAX_LINKS, DEFAULT_LINKS)

SCOPE: Parameter[str | None] = Parameter(
    name="scope",
    description="The scope to look in; without it in all.",
    schema={"type": "string", "enum": list(SCOPES)},
    read=choice("scope", {each: each for each in SCOPES}),
    default=None,
)
VALUES_QUERY = _text("q", "TraceQL, perhaps unfinished: only values in what it is about.")
VALUES_LIMIT = _count("limit", "The most values.", 1, MAX_VALUES, DEFAULT_VALUES)

SERVICE = _text("service", "Calls of this service only.")
OPERATION = _text("operation", "Calls of this operation only.")
KIND = _several("kind", "Calls of these kinds only", KINDS)
BY = _several("by", "One series for each combination", LABELS)
RED_STEP: Parameter[int | None] = Parameter(
    name="step",
    description=f"Seconds, a multiple of {MINUTE_S}. By the length of the range if missing.",
    schema={"type": "integer", "minimum": MINUTE_S, "multipleOf": MINUTE_S},
    read=whole_number("step", MINUTE_S, 999_999_999),
    default=None,
)

METRICS_QUERY: Parameter[str] = Parameter(
    name="q",
    description="A TraceQL metrics query.",
    schema={"type": "string", "minLength": 1, "examples": ["{ } | rate() by(name)"]},
    read=str,
    default="",
    is_required=True,
)
STEP: Parameter[int | None] = Parameter(
    name="step",
    description="Seconds, or a number with ns, us, ms, s, m, h or d. By the length of the range if missing.",
    schema={"type": "string", "pattern": f"^{_STEP}$", "examples": ["60", "5m"]},
    read=duration("step"),
    default=None,
)
INSTANT: Parameter[bool] = Parameter(
    name="instant",
    description="true: one sample for each series, over the whole range; `step` is not looked at.",
    schema={"type": "boolean", "default": False},
    read=choice("instant", {"true": True, "false": False}),
    default=False,
)
SERIES_LIMIT = _count("limit", "The most series.", 1, MAX_SERIES, DEFAULT_SERIES)
EXEMPLARS = _count("exemplars", "The most spans to name as examples, in all.", 0, MAX_EXEMPLARS, 0)


def window_of(request: Request, now_ns: int) -> Window:
    """The range that START and END ask for. Raises QueryError for one that is empty."""
    end_ns = END.of(request)
    end_ns = now_ns + AHEAD_S * NS_PER_S if end_ns is None else end_ns
    start_ns = START.of(request)
    start_ns = end_ns - DEFAULT_RANGE_S * NS_PER_S if start_ns is None else start_ns
    if end_ns <= start_ns:
        raise QueryError("the end of the range is not after its start")
    return Window(start_ns, end_ns)


def _decimal_ns(text: str, unit_ns: int) -> int:
    """The whole nanoseconds in a decimal number of units."""
    whole, _, fraction = text.partition(".")
    return int(whole) * unit_ns + int(fraction.ljust(9, "0")) * unit_ns // 1_000_000_000


def _rfc3339_ns(text: str) -> int | None:
    seconds, offset = text[:19], text[19:]
    fraction = re.match(r"(?:\.(\d+))?", offset)
    assert fraction is not None
    zone = offset[fraction.end() :].replace(" ", "+")  # an unescaped "+" comes as a space
    try:
        at = datetime.fromisoformat(seconds.upper() + zone.upper())
    except ValueError:
        return None
    whole_s = (at - _EPOCH) // timedelta(seconds=1)
    found_ns = whole_s * NS_PER_S + int((fraction[1] or "0").ljust(9, "0"))
    return found_ns if found_ns >= 0 else None
