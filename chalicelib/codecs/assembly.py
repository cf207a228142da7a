"""The assembled trace as JSON, in pages when it is large.

A page is one JSON object with every field of AssembledTrace. `summary` is whole on each page; a list holds what fell
to this page and may be empty, so that putting the lists of all pages one after the other gives the lists of the
trace. All lists are paged, in the order of the struct's fields, because any of them may be the long one: a trace of
errors has long stack traces, a deep one a long path. `cursor` is there when more follows.

A cursor holds a digest of the whole answer beside the place to go on from. If spans have arrived since, the order of
everything may have changed and the pages would not fit together: then the cursor is refused, and the reader begins
again. (To go on silently would mix two states of the trace.)
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from chalicelib.model.errors import QueryError
from chalicelib.model.trace import AssembledTrace

_DIGEST_BYTES = 16
_OFFSET_BYTES = 8
_CURSOR_CHARS = 32  # base64 of the two

_LISTS = tuple(
    (field, encoded)
    for field, encoded in zip(AssembledTrace.__struct_fields__, AssembledTrace.__struct_encode_fields__, strict=True)
    if field != "summary"
)

_encode = msgspec.json.Encoder().encode


class AssemblyPage(NamedTuple):
    """One page as bytes of JSON, and the cursor of the next, which is also in the JSON; None on the last."""

    body: bytes
    cursor: str | None


def encode(trace: AssembledTrace, cursor: str | None, budget_bytes: int) -> AssemblyPage:
    """The page of `trace` at `cursor` (None: the first), of at most `budget_bytes`.

    A page holds at least one entry, so a single entry beyond the budget still gets out, on a page of its own.
    Raises QueryError for a cursor that is malformed, or of another trace or another state of this one.
    """
    digest, begin = (b"", 0) if cursor is None else _parse(cursor)
    summary = _encode(trace.summary)
    content = hashlib.blake2b(summary, digest_size=_DIGEST_BYTES)
    room = budget_bytes - len(_document(summary, {}, "-" * _CURSOR_CHARS))
    taken: dict[str, list[bytes]] = {}
    end = begin  # the first entry that is not on this page
    count = 0
    for name, entry in _entries(trace):
        content.update(entry)
        if count == end >= begin and (room > len(entry) or count == begin):
            taken.setdefault(name, []).append(entry)
            room -= len(entry) + 1
            end += 1
        count += 1
    if cursor is not None and (digest != content.digest() or begin >= count):
        raise QueryError("the cursor is not of this trace as it is now; read it again without a cursor")
    following = _cursor(content.digest(), end) if end < count else None
    return AssemblyPage(_document(summary, taken, following), following)


def _entries(trace: AssembledTrace) -> Iterator[tuple[str, bytes]]:
    """Every list's entries, each with its list's name in JSON."""
    for field, name in _LISTS:
        for entry in getattr(trace, field):
            yield name, _encode(entry)


def _document(summary: bytes, entries: dict[str, list[bytes]], cursor: str | None) -> bytes:
    members = [b'"summary":' + summary]
    members += [b'"%s":[%s]' % (name.encode(), b",".join(entries.get(name, ()))) for _, name in _LISTS]
    if cursor is not None:
        members.append(b'"cursor":' + _encode(cursor))
    return b"{" + b",".join(members) + b"}"


def _cursor(digest: bytes, position: int) -> str:
    return base64.urlsafe_b64encode(digest + position.to_bytes(_OFFSET_BYTES, "big")).decode()


def _parse(cursor: str) -> tuple[bytes, int]:
    try:
        decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except ValueError:  # also what a letter outside ASCII raises
        decoded = b""
    if len(decoded) != _DIGEST_BYTES + _OFFSET_BYTES:
        raise QueryError(f"cursor {cursor[:64]!r} is not one that this service gave")
    return decoded[:_DIGEST_BYTES], int.from_bytes(decoded[_DIGEST_BYTES:], "big")
