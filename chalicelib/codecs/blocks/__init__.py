"""How a block's payload is packed for keeping: zstd, by a numbered format that readers never forget.

A format is a number stored beside the packed bytes. A new dictionary or frame layout is a new number; the old
ones stay in FORMATS for as long as an item of theirs may live.
"""

from functools import cache
from typing import NamedTuple

import zstandard

CURRENT_FORMAT = 0  # plain zstd, before there was a dictionary


class Packed(NamedTuple):
    """Packed bytes and the number of the format that made them."""

    format: int
    data: bytes


def pack(payload: bytes) -> Packed:
    """`payload` in the current format. The same payload gives the same bytes within one version of zstd."""
    return Packed(CURRENT_FORMAT, _compressor(CURRENT_FORMAT).compress(payload))


def unpack(packed: Packed) -> bytes:
    """The payload again. Raises ValueError for a format this version does not know, or bytes that are not of it."""
    try:
        return _decompressor(packed.format).decompress(packed.data)
    except zstandard.ZstdError as broken:
        raise ValueError(f"a block of format {packed.format} cannot be unpacked: {broken}") from broken


@cache
def _compressor(number: int) -> zstandard.ZstdCompressor:
    assert number == 0
    return zstandard.ZstdCompressor(level=3)


@cache
def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    if number != 0:
        raise ValueError(f"block format {number} is not one this version knows")
    return zstandard.ZstdDecompressor()
