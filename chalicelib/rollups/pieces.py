"""How the traces of one arrival window are shared out: a piece is a prefix of the bits of blake2b(trace id).

Its name is "-" and then a digit for each bit: "-" is every trace, "-0" and "-1" its halves, "-01" a half of "-0".
A window that holds too many traces is sealed by halves, and again by halves of those. It may be sealed again later
and be cut finer then (or coarser), so views of both layouts may lie side by side. Summing needs every trace once:
`cover` picks the pieces to take.
"""

from collections.abc import Iterable
from hashlib import blake2b

WHOLE = "-"
MAX_DEPTH = 64


def children(piece: str) -> tuple[str, str]:
    """The two halves of a piece. Raises ValueError for what is no piece, or cannot be halved any more."""
    if len(checked(piece)) > MAX_DEPTH:
        raise ValueError(f"piece {piece!r} cannot be halved")
    return piece + "0", piece + "1"


def holds(piece: str, trace_id: str) -> bool:
    """Whether a trace belongs to the piece."""
    return piece_of(trace_id, len(piece) - 1) == piece


def piece_of(trace_id: str, depth: int) -> str:
    """The piece of `depth` bits (0 to MAX_DEPTH) that a trace belongs to."""
    bits = int.from_bytes(blake2b(trace_id.encode(), digest_size=MAX_DEPTH // 8).digest())
    return WHOLE + f"{bits:0{MAX_DEPTH}b}"[:depth]


def checked(piece: str) -> str:
    """`piece` itself. Raises ValueError if it is no name of a piece."""
    if not piece.startswith(WHOLE) or piece[1:].strip("01") or len(piece) > MAX_DEPTH + 1:
        raise ValueError(f"{piece[:80]!r} is not the name of a piece")
    return piece


def cover(names: Iterable[str]) -> set[str]:
    """Of the pieces that there are, the deepest ones that hold every trace exactly once.

    A piece stands aside where both its halves are covered. Where nothing covers everything (a window that is being
    sealed for the first time), the answer is what there is, and still nothing twice. Raises ValueError for names
    that are none.
    """
    covers, _ = _covers(names)
    return covers.get(WHOLE, set())


def is_complete(names: Iterable[str]) -> bool:
    """Whether the pieces hold every trace."""
    _, complete = _covers(names)
    return WHOLE in complete


def _covers(names: Iterable[str]) -> tuple[dict[str, set[str]], set[str]]:
    """For each piece and each one around it the cover of what lies in it, and which of them are complete."""
    there = set(map(checked, names))
    covers: dict[str, set[str]] = {}
    complete: set[str] = set()
    around = {piece[:length] for piece in there for length in range(1, len(piece) + 1)}
    for piece in sorted(around, key=len, reverse=True):
        halves = (piece + "0", piece + "1")
        is_halved = complete.issuperset(halves)
        if piece in there and not is_halved:
            covers[piece] = {piece}
        else:
            covers[piece] = covers.get(halves[0], set()) | covers.get(halves[1], set())
        if piece in there or is_halved:
            complete.add(piece)
    return covers, complete
