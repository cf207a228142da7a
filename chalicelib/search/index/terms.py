"""Terms: what a trace can be found by. One is a key (scope and name) with one value, or with a remark about one.

A term is bytes, because bytes are cheap to gather, compare and sort, and because a signature hashes them:

    scope (1)  length of the name (2, big-endian)  name (UTF-8)  type (1)  value
    └───────────────────── the key ────────────────────────────┘

What is bounded here: a name of more than MAX_NAME_CHARACTERS is replaced by its beginning and a hash; a text of
more than MAX_TEXT_CHARACTERS by a hash, which equality can still be asked of. Maps, bytes, empty arrays and values
that say nothing are only there. Elements of an array are a term each.
"""

from enum import IntEnum
from functools import cache
from hashlib import blake2b
from struct import Struct

from chalicelib.model.attributes import Value
from chalicelib.search.index.magnitudes import magnitude
from chalicelib.search.syntax import Attribute, AttributeScope, Intrinsic

MAX_NAME_CHARACTERS = 256
MAX_TEXT_CHARACTERS = 256
_HASH_BYTES = 16


class Type(IntEnum):
    """What follows the key."""

    TEXT = 1  # UTF-8
    INT = 2  # 8 bytes, big-endian, shifted so that they sort
    FLOAT = 3  # 8 bytes
    BOOL = 4  # 1 byte
    MAGNITUDE = 5  # 2 bytes, likewise shifted: some number of this bucket
    LONG_TEXT = 6  # 16 bytes, a hash
    OPAQUE = 7  # nothing: a value that has no text, number or truth
    UNLISTED_TEXT = 8  # in an index only, nothing: some text that is not listed
    UNLISTED_NUMBER = 9  # in an index only, INT or FLOAT (1) and a magnitude (2): some number that is not listed


SCOPES = {
    AttributeScope.SPAN: b"s",
    AttributeScope.RESOURCE: b"r",
    AttributeScope.EVENT: b"e",
    AttributeScope.LINK: b"l",
    AttributeScope.INSTRUMENTATION: b"i",
}
INTRINSIC_SCOPE = b":"
_SCOPES_BY_LETTER = {letter: scope for scope, letter in SCOPES.items()}

_TYPE_BYTES = {kind: bytes([kind]) for kind in Type}
# By name, because these are on the hottest path of the indexer, where asking an enum costs more than the rest.
_TEXT, _LONG_TEXT, _OPAQUE = (_TYPE_BYTES[kind] for kind in (Type.TEXT, Type.LONG_TEXT, Type.OPAQUE))
_INT_TYPE, _FLOAT_TYPE, _MAGNITUDE_TYPE = int(Type.INT), int(Type.FLOAT), _TYPE_BYTES[Type.MAGNITUDE]
_TRUE, _FALSE = _TYPE_BYTES[Type.BOOL] + b"\1", _TYPE_BYTES[Type.BOOL] + b"\0"
_INT = Struct(">BQ")
_FLOAT = Struct(">Bd")
_NUMBER = Struct(">cd")
_INT_SHIFT = 1 << 63
_MAGNITUDE_SHIFT = 1 << 15


def key_of(scope: bytes, name: str) -> bytes:
    """The key of `name` in `scope`, one of SCOPES or INTRINSIC_SCOPE."""
    if len(name) > MAX_NAME_CHARACTERS:
        name = f"{name[: MAX_NAME_CHARACTERS - 2 * _HASH_BYTES]}{_hash(name).hex()}"
    encoded = name.encode(errors="surrogatepass")
    return b"%b%b%b" % (scope, len(encoded).to_bytes(2, "big"), encoded)


@cache
def intrinsic_key(intrinsic: Intrinsic) -> bytes:
    """The key of an intrinsic."""
    return key_of(INTRINSIC_SCOPE, intrinsic.value)


def field_of(key: bytes) -> Attribute | Intrinsic:
    """What a key stands for. Raises ValueError for bytes that are no key."""
    scope, name = key[:1], key[3:].decode(errors="surrogatepass")
    if int.from_bytes(key[1:3], "big") != len(key) - 3:
        raise ValueError("a key that is not as long as it says")
    if scope == INTRINSIC_SCOPE:
        return Intrinsic(name)
    if scope not in _SCOPES_BY_LETTER:
        raise ValueError(f"no scope {scope!r}")
    return Attribute(_SCOPES_BY_LETTER[scope], name)


def split(term: bytes) -> tuple[bytes, int, bytes]:
    """Key, type and value of a term."""
    end = 3 + (term[1] << 8) + term[2]
    return term[:end], term[end], term[end + 1 :]


def join(key: bytes, kind: int, value: bytes) -> bytes:
    """The term of key, type and value."""
    return b"%b%c%b" % (key, kind, value)


def terms_of(key: bytes, value: Value) -> list[bytes]:
    """The terms of an attribute's value; one, unless it is an array."""
    if isinstance(value, (list, tuple)):  # a union takes ten times as long
        return [_scalar(key, each) for each in value] or [key + _OPAQUE]
    return [_scalar(key, value)]


def _scalar(key: bytes, value: Value) -> bytes:
    if isinstance(value, str):
        return text_term(key, value)
    if isinstance(value, bool):
        return key + (_TRUE if value else _FALSE)
    if isinstance(value, int):
        return int_term(key, value)
    return float_term(key, value) if isinstance(value, float) else key + _OPAQUE


def text_term(key: bytes, text: str) -> bytes:
    """`text` as a value of `key`, itself or hashed."""
    if len(text) > MAX_TEXT_CHARACTERS:
        return key + _LONG_TEXT + _hash(text)
    return key + _TEXT + text.encode(errors="surrogatepass")


def int_term(key: bytes, number: int) -> bytes:
    """An integer as a value of `key`; as a float if it has more than 64 bits."""
    if -_INT_SHIFT <= number < _INT_SHIFT:
        return key + _INT.pack(_INT_TYPE, number + _INT_SHIFT)
    return float_term(key, as_float(number))


def float_term(key: bytes, number: float) -> bytes:
    """A float as a value of `key`."""
    return key + _FLOAT.pack(_FLOAT_TYPE, number)


def magnitude_term(key: bytes, number: float) -> bytes:
    """Some number of the size of `number` as a value of `key`."""
    return key + _MAGNITUDE_TYPE + write_magnitude(magnitude(number))


def number_identity(key: bytes, number: float) -> bytes:
    """What a signature hashes for a number: the same for 1 and 1.0, because they are equal."""
    return key + _NUMBER.pack(b"N", as_float(number) + 0.0)  # adding turns -0.0 into 0.0


def read_number(kind: int, value: bytes) -> int | float:
    """The number in an INT or FLOAT term. Raises ValueError."""
    if len(value) != 8:
        raise ValueError(f"a number of {len(value)} bytes")
    if kind == Type.INT:
        return int.from_bytes(value, "big") - _INT_SHIFT
    return _FLOAT.unpack(b"\0" + value)[1]  # type: ignore[no-any-return]


def write_magnitude(bucket: int) -> bytes:
    """A bucket as it stands in a term."""
    return (bucket + _MAGNITUDE_SHIFT).to_bytes(2, "big")


def read_magnitude(value: bytes) -> int:
    """The bucket again."""
    return int.from_bytes(value, "big") - _MAGNITUDE_SHIFT


def as_float(number: float) -> float:
    """`number`, which may be an int of any size, as the float that TraceQL compares."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _hash(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=_HASH_BYTES).digest()
