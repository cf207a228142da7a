"""A rollup as bytes, and back."""

from chalicelib.rollups.rollup import Rollup


def pack(rollup: Rollup) -> bytes:
    """Deterministic bytes, at most MAX_PACKED_BYTES: names are folded, and at last minutes coarsened, until it fits."""
    raise NotImplementedError


def unpack(body: bytes) -> Rollup:
    """The rollup again. Raises ValueError for anything that `pack` did not make."""
    raise NotImplementedError
