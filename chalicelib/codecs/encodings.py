"""Content-Encoding: what was done to a body on its way, undone within limits.

RFC 9110 section 8.4. "deflate" is a zlib stream there (the Python OTLP exporter sends that); some senders write the
bare deflate stream, which is taken too.

The body is believed before the header. API Gateway inflates gzip and deflate requests itself and leaves the header
in place, and a sender may forget the header. So a body that begins with the magic number of gzip or zstd is
unpacked even if nothing said so, and one that should begin with it and does not is taken as it is: if it is garbage,
the decoder will say so with the same 400. No OTLP body can begin with either magic number (protobuf begins with 0x0a,
JSON with a brace or a blank).

Output is bounded while it is made, so a bomb costs no more memory than an honest body of the limit's size.
"""

import zlib
from collections.abc import Callable
from io import BytesIO

from chalicelib.model.errors import PayloadError, PayloadTooLarge

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

_MAX_ENCODINGS = 3  # nobody sends more than one; a list of a hundred would be an attack
_MAX_MEMBERS = 100  # gzip members or zstd frames in one body: each costs a copy of what follows it
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024  # what RFC 8878 section 3.1.1.1.2 asks a decoder to support
# On OTLP JSON of ten-attribute spans, time and bytes per span: level 1 3.0 µs 107 B, 4 5.2 µs 95 B, 5 5.6 µs 91 B,
# 6 6.9 µs 90 B, 9 16 µs 89 B (859 B unpacked). Sending a byte out of AWS costs as much as about 0.05 µs of Lambda.
_GZIP_LEVEL = 5


class _BrokenBodyError(Exception):
    """The body is not of its encoding: cut short, damaged, or followed by something else."""


class _TooLargeError(Exception):
    """The output passed the limit."""


def decompress(body: bytes, content_encoding: str | None, limit_bytes: int, dialect: str) -> bytes:
    """`body` as it was before it was encoded, at most `limit_bytes` long.

    `content_encoding` is the header's value: None, one name, or a list of at most three, which are undone from the
    last to the first. Bytes after the end of the compressed stream are an error, unless they are another gzip member
    or zstd frame. Raises PayloadTooLarge past the limit, PayloadError for an unknown name or a damaged body.
    """
    try:
        for name in reversed(_names(content_encoding, dialect)):
            body = _DECODERS[name](body, limit_bytes)
    except _BrokenBodyError as broken:
        raise PayloadError(dialect, f"the body cannot be decompressed: {broken}") from broken
    except _TooLargeError:
        raise _too_large(limit_bytes, dialect) from None
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes, dialect)
    return body


def gzip(body: bytes) -> bytes:
    """`body` in gzip; the same body gives the same bytes (no time, no name in the header)."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Whether a client with this Accept-Encoding takes gzip (RFC 9110 section 12.5.3). None, no header, is a no."""
    weights = dict(map(_weighted, (accept_encoding or "").lower().split(",")))
    for name in ("gzip", "x-gzip", "*"):
        if name in weights:
            return weights[name] > 0
    return False


def _weighted(choice: str) -> tuple[str, float]:
    """The name and weight in "gzip;q=0.5". A weight that cannot be read counts as 0: plain is never wrong."""
    name, *parameters = (part.strip() for part in choice.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0


def _names(content_encoding: str | None, dialect: str) -> list[str]:
    """The encodings in the order they were applied; one at least, so that the body's own look is always taken."""
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    if len(names) > _MAX_ENCODINGS:
        raise PayloadError(dialect, f"more than {_MAX_ENCODINGS} encodings in Content-Encoding")
    for name in names:
        if name not in _DECODERS:
            raise PayloadError(dialect, f"unsupported Content-Encoding: {name[:40]}")
    return names


def _too_large(limit_bytes: int, dialect: str) -> PayloadTooLarge:
    return PayloadTooLarge(dialect, f"the body is larger than {limit_bytes} bytes when decompressed", limit_bytes)


def _by_its_look(body: bytes, limit_bytes: int) -> bytes:
    """Unpack what begins with a magic number, whatever the header said; anything else is plain."""
    if body.startswith(GZIP_MAGIC):
        return _gunzip(body, limit_bytes)
    if body.startswith(ZSTD_MAGIC):
        return _unzstd(body, limit_bytes)
    return body


def _inflate(body: bytes, limit_bytes: int) -> bytes:
    """A zlib stream or a bare deflate stream. What is neither has been inflated on the way."""
    if not _begins_zlib(body):
        try:
            return _inflated_to_the_end(body, limit_bytes, -zlib.MAX_WBITS)
        except _BrokenBodyError:
            return _by_its_look(body, limit_bytes)
    return _inflated_to_the_end(body, limit_bytes, zlib.MAX_WBITS)


def _begins_zlib(body: bytes) -> bool:
    """RFC 1950 section 2.2: method 8, and the first two bytes are a multiple of 31. No JSON or OTLP begins so."""
    return len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    members: list[bytes] = []
    room = limit_bytes
    while body:
        if not body.startswith(GZIP_MAGIC):
            raise _BrokenBodyError(f"{len(body)} bytes after its end")
        if len(members) == _MAX_MEMBERS:
            raise _BrokenBodyError(f"more than {_MAX_MEMBERS} gzip members")
        member, body = _inflated(body, room, 16 + zlib.MAX_WBITS)
        members.append(member)
        room -= len(member)
    return b"".join(members)


def _inflated_to_the_end(body: bytes, limit_bytes: int, window_bits: int) -> bytes:
    inflated, rest = _inflated(body, limit_bytes, window_bits)
    if rest:
        raise _BrokenBodyError(f"{len(rest)} bytes after its end")
    return inflated


def _inflated(body: bytes, limit_bytes: int, window_bits: int) -> tuple[bytes, bytes]:
    """The first stream in `body`, and the bytes after it."""
    unpacker = zlib.decompressobj(window_bits)
    try:
        unpacked = unpacker.decompress(body, limit_bytes + 1)
    except zlib.error as broken:
        raise _BrokenBodyError(str(broken)) from broken
    if len(unpacked) > limit_bytes:
        raise _TooLargeError
    if not unpacker.eof:
        raise _BrokenBodyError("it is cut short")
    return unpacked, unpacker.unused_data


def _unzstd(body: bytes, limit_bytes: int) -> bytes:
    import zstandard  # noqa: PLC0415  # few senders use it, and every cold start would pay

    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    try:
        with unpacker.stream_reader(BytesIO(body), read_across_frames=True) as reader:
            unpacked = reader.read(limit_bytes + 1)
        if len(unpacked) > limit_bytes:
            raise _TooLargeError
        # The reader does not tell a stream cut short from one that ended. This does, and by now its output is
        # known to fit.
        for _ in range(_MAX_MEMBERS):
            frame = unpacker.decompressobj()
            frame.decompress(body)
            if not frame.eof:
                raise _BrokenBodyError("it is cut short")
            body = frame.unused_data
            if not body:
                return unpacked
    except zstandard.ZstdError as broken:
        raise _BrokenBodyError(str(broken)) from broken
    raise _BrokenBodyError(f"more than {_MAX_MEMBERS} zstd frames")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "": _by_its_look,
    "identity": _by_its_look,
    "gzip": _by_its_look,
    "x-gzip": _by_its_look,
    "zstd": _by_its_look,
    "deflate": _inflate,
}
