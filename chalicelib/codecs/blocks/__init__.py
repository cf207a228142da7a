"""How a block's payload is packed for keeping, by a numbered format that readers never forget.

Format 0 is plain zstd. Format 1 first sets apart what does not compress (columns.py), and packs the rest by zstd
with a dictionary: length of the columns (varint), columns, frame.

A format is a number stored beside the packed bytes. A new dictionary or frame layout is a new number; the old
ones stay in FORMATS, and their dictionaries beside this module, for as long as an item of theirs may live.
How format 1 was chosen: docs/adr/006-block-format.md. How its dictionary is made: benchmarks/dictionary/train.py.

Frames of format 1 leave out what the item says already: the magic number, the dictionary's id and a checksum.
They keep the content size, so that a reader knows how much memory a block asks for before it gives it any.
"""

from functools import cache
from pathlib import Path
from threading import local
from typing import NamedTuple

import zstandard

from chalicelib.codecs.blocks import columns
from chalicelib.codecs.otlp.varints import BrokenMessageError, read_varint, write_varint
from chalicelib.model.block import Block

MAX_UNPACKED_BYTES = 4 * 1024 * 1024  # ten times what the collector puts into a block


class Format(NamedTuple):
    """One way of packing: `dictionary` is a file beside this module, or None."""

    dictionary: str | None
    level: int
    frame: int  # zstandard.FORMAT_*
    has_columns: bool


FORMATS = {
    0: Format(dictionary=None, level=3, frame=zstandard.FORMAT_ZSTD1, has_columns=False),
    1: Format(dictionary="format_1.dict", level=6, frame=zstandard.FORMAT_ZSTD1_MAGICLESS, has_columns=True),
}
CURRENT_FORMAT = 1


class Packed(NamedTuple):
    """Packed bytes and the number of the format that made them."""

    format: int
    data: bytes


class _Contexts(local):
    """Each thread's own compressors and decompressors by format: two threads at once must not use one of zstd's."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}


_contexts = _Contexts()


def pack(block: Block, number: int = CURRENT_FORMAT) -> Packed:
    """The payload of `block` in format `number`. The same block gives the same bytes within one version of zstd.

    Raises ValueError for a format this version does not know and for a payload that `unpack` would refuse.
    """
    if len(block.payload) > MAX_UNPACKED_BYTES:
        raise ValueError(f"a block of {len(block.payload)} bytes is over the limit of {MAX_UNPACKED_BYTES}")
    compressor = _contexts.compressors.get(number)
    if compressor is None:
        compressor = _contexts.compressors[number] = _compressor(number)
    if not FORMATS[number].has_columns:
        return Packed(number, compressor.compress(block.payload))
    apart, text = columns.split(block.payload, bytes.fromhex(block.trace_id))
    return Packed(number, write_varint(len(apart)) + apart + compressor.compress(text))


def unpack(packed: Packed, trace_id: str) -> bytes:
    """The payload again, at most MAX_UNPACKED_BYTES, of the block that was packed with this trace id.

    Raises ValueError for a format this version does not know, and for bytes that are not of that format.
    """
    number, data = packed
    if not _format(number).has_columns:
        return _decompressed(number, data)
    try:
        size_bytes, at = read_varint(data, 0)
    except (IndexError, BrokenMessageError) as broken:
        raise ValueError(f"a block of format {number} cannot be unpacked: {broken}") from broken
    text = _decompressed(number, data[at + size_bytes :])
    return columns.join(data[at : at + size_bytes], text, bytes.fromhex(trace_id))


def _decompressed(number: int, frame: bytes) -> bytes:
    decompressor = _contexts.decompressors.get(number)
    if decompressor is None:
        decompressor = _contexts.decompressors[number] = _decompressor(number)
    try:
        size_bytes = zstandard.get_frame_parameters(frame, format=FORMATS[number].frame).content_size
        if size_bytes > MAX_UNPACKED_BYTES:  # also when it is not given, which zstd says by a huge number
            raise ValueError(f"a block of format {number} claims {size_bytes} bytes, over {MAX_UNPACKED_BYTES}")
        return decompressor.decompress(frame, max_output_size=size_bytes, allow_extra_data=False)
    except zstandard.ZstdError as broken:
        raise ValueError(f"a block of format {number} cannot be unpacked: {broken}") from broken


def _compressor(number: int) -> zstandard.ZstdCompressor:
    chosen = _format(number)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        chosen.level,
        format=chosen.frame,
        write_content_size=True,
        write_checksum=False,
        write_dict_id=False,
    )
    return zstandard.ZstdCompressor(dict_data=dictionary(number), compression_params=parameters)


def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=dictionary(number), format=_format(number).frame)


@cache
def dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    """The zstd dictionary of a format, which is full of the words of spans; None if the format has none."""
    name = _format(number).dictionary
    if name is None:
        return None
    return zstandard.ZstdCompressionDict(Path(__file__).with_name(name).read_bytes())


def _format(number: int) -> Format:
    if number not in FORMATS:
        raise ValueError(f"block format {number} is not one this version knows")
    return FORMATS[number]
