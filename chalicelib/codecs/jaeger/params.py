"""Parameters as Jaeger's query service reads and refuses them: Go's durations and truths, RFC 3339, ids, tags.

Facts: jaeger 2.20, jaegerquery/internal (query_parser.go, apiv3/query_parser.go), and Go's time and strconv.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from chalicelib.model.errors import QueryError

MAX_TAGS = 100  # conditions of a search
MAX_DURATION_NS = (1 << 63) - 1  # what a duration of Go's holds

NS_PER_US, NS_PER_MS, NS_PER_S = 1_000, 1_000_000, 1_000_000_000
_UNITS_NS = {
    "ns": 1, "us": NS_PER_US, "µs": NS_PER_US, "μs": NS_PER_US, "ms": NS_PER_MS, "s": NS_PER_S,
    "m": 60 * NS_PER_S, "h": 3600 * NS_PER_S,
}  # fmt: skip
_PART = r"(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"([+-]?)((?:{_PART})+|0)", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+ -]\d\d:\d\d)", re.ASCII)
_TRUTHS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_HEX = re.compile(r"[0-9a-fA-F]{1,32}")
_BASE64_CHARACTERS = 24
_INT = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 64

_read_tags = msgspec.json.Decoder(dict[str, str]).decode


def duration_ns(text: str) -> int:
    """A duration of Go's ("1.2s", "2h45m", "100us") in nanoseconds, not below zero. Raises ValueError."""
    found = _DURATION.fullmatch(text[:256])
    if found is None or len(text) > 256:
        raise ValueError(f'time: invalid duration "{text[:_SHOWN]}"')
    length_ns = sum(int(Decimal(number) * _UNITS_NS[unit]) for number, unit in re.findall(_PART, found[2], re.ASCII))
    if length_ns > MAX_DURATION_NS or (found[1] == "-" and length_ns):
        raise ValueError(f'time: invalid duration "{text[:_SHOWN]}"')
    return length_ns


def duration_text(length_ns: int) -> str:
    """A duration as Go writes it: "1h2m3.5s", "-1.5ms", "0s"."""
    sign, rest_ns = "-" * (length_ns < 0), abs(length_ns)
    if rest_ns < NS_PER_S:
        unit = next((each for each in ("ms", "us", "ns") if rest_ns >= _UNITS_NS[each]), "s")
        return f"{sign}{_decimal(rest_ns, _UNITS_NS[unit])}{'µs' if unit == 'us' else unit}"
    hours, rest_ns = divmod(rest_ns, _UNITS_NS["h"])
    minutes, rest_ns = divmod(rest_ns, _UNITS_NS["m"])
    told = f"{hours}h" * bool(hours) + f"{minutes}m" * bool(hours or minutes)
    return f"{sign}{told}{_decimal(rest_ns, NS_PER_S)}s"


def _decimal(number: int, unit: int) -> str:
    return f"{(Decimal(number) / unit).normalize():f}"


def moment_ns(text: str) -> int:
    """A moment of RFC 3339 with up to nine digits of a second, since 1970. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f'parsing time "{text[:_SHOWN]}" as RFC 3339')
    try:
        at = datetime.fromisoformat(found[1] + found[3].replace(" ", "+"))  # an unescaped "+" comes as a space
    except ValueError:
        raise ValueError(f'parsing time "{text[:_SHOWN]}": out of range') from None
    whole_s = (at - _EPOCH) // timedelta(seconds=1)
    return max(0, whole_s * NS_PER_S + int((found[2] or "0").ljust(9, "0")))


def moment_text(at_ms: int) -> str:
    """Epoch milliseconds in RFC 3339."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at_ms % 1000:03}".rstrip("0") if at_ms % 1000 else "") + "Z"


def truth(text: str) -> bool:
    """What Go's ParseBool takes. Raises ValueError."""
    if text not in _TRUTHS:
        raise ValueError(f'strconv.ParseBool: parsing "{text[:_SHOWN]}": invalid syntax')
    return _TRUTHS[text]


def whole_number(text: str) -> int:
    """A whole number. Raises ValueError."""
    if not _INT.fullmatch(text):
        raise ValueError(f'strconv.ParseInt: parsing "{text[:_SHOWN]}": invalid syntax')
    return int(text)


def number(text: str) -> float:
    """A number. Raises ValueError."""
    if not _FLOAT.fullmatch(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text[:_SHOWN]}": invalid syntax')
    return float(text)


def trace_id(text: str) -> str:
    """32 hex digits, from up to 32 of them, or from up to 16 bytes in base64 of any kind. Raises ValueError."""
    if _HEX.fullmatch(text):
        return text.lower().zfill(32)
    found = _bytes_of(text)
    if found is None:
        raise ValueError(f'"{text[:_SHOWN]}" is not a trace id of up to 32 hex digits')
    return found.hex().zfill(32)


def _bytes_of(text: str) -> bytes | None:
    if not text or len(text) > _BASE64_CHARACTERS:
        return None
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) in (8, 16) else None


def tags(pairs: Iterable[str], documents: Iterable[str]) -> dict[str, str]:
    """`tag=key:value` and `tags={"key":"value"}` as one; the later wins. Raises QueryError in Jaeger's words."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, colon, value = pair.partition(":")
        if not colon:
            raise QueryError(f"malformed 'tag' parameter, expecting key:value, received: {pair[:_SHOWN]}")
        found[key] = value
    for document in documents:
        found |= attributes(document, "malformed 'tags' parameter, cannot unmarshal JSON")
    return _bounded(found)


def attributes(document: str, wrong: str) -> dict[str, str]:
    """A JSON object of strings. Raises QueryError, which begins with `wrong`."""
    try:
        return _bounded(_read_tags(document))
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise QueryError(f"{wrong}: {error}") from error


def _bounded(found: dict[str, str]) -> dict[str, str]:
    if len(found) > MAX_TAGS:
        raise QueryError(f"a search for more than {MAX_TAGS} tags")
    return found
