"""Sections of an index, compressed one by one, so that a question decompresses only what it needs.

The names of attributes are most of a small index, and the same everywhere: every section is compressed with the
dictionary of block format 1 (codecs/blocks), which holds the usual ones. That file stays as long as version 1 does.
"""

from functools import cache
from pathlib import Path
from threading import local

import zstandard

from chalicelib.codecs import blocks

MAX_SECTION_BYTES = 8 * 1024 * 1024  # what a reader gives memory for: fifty times what is usual

_LEVEL = 9
_FORMAT = zstandard.FORMAT_ZSTD1_MAGICLESS
_DICTIONARY = "format_1.dict"


class _Contexts(local):
    """Each thread's own, because two threads at once must not use one of zstd's."""

    def __init__(self) -> None:
        self.compressor: zstandard.ZstdCompressor | None = None
        self.decompressor: zstandard.ZstdDecompressor | None = None


_contexts = _Contexts()


def squeeze(section: bytes) -> bytes:
    """`section` compressed; always the same with one version of zstd. Raises ValueError if `expand` would refuse it."""
    if len(section) > MAX_SECTION_BYTES:
        raise ValueError(f"a section of {len(section)} bytes is over {MAX_SECTION_BYTES}")
    if _contexts.compressor is None:
        _contexts.compressor = zstandard.ZstdCompressor(dict_data=_dictionary(), compression_params=_parameters())
    return _contexts.compressor.compress(section)


def expand(frame: bytes) -> bytes:
    """The section again. Raises ValueError for what `squeeze` did not make."""
    if _contexts.decompressor is None:
        _contexts.decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(), format=_FORMAT)
    try:
        size_bytes = zstandard.get_frame_parameters(frame, format=_FORMAT).content_size
        if size_bytes > MAX_SECTION_BYTES:  # also when it is not given, which zstd says by a huge number
            raise ValueError(f"a section claims {size_bytes} bytes, over {MAX_SECTION_BYTES}")
        return _contexts.decompressor.decompress(frame, max_output_size=size_bytes, allow_extra_data=False)
    except zstandard.ZstdError as broken:
        raise ValueError(f"a section of an index cannot be read: {broken}") from broken


def _parameters() -> zstandard.ZstdCompressionParameters:
    return zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, format=_FORMAT, write_content_size=True, write_checksum=False, write_dict_id=False
    )


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    dictionary = zstandard.ZstdCompressionDict(Path(blocks.__file__).with_name(_DICTIONARY).read_bytes())
    dictionary.precompute_compress(compression_params=_parameters())  # or every frame would read all of it anew
    return dictionary
