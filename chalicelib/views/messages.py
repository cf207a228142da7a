"""What one invocation leaves to another: JSON, small, and harmless to do twice.

What cannot be meant is no message. A marker of a piece that is none, say, would stand in the way of every later tick.
"""

from typing import Annotated

import msgspec

Tenant = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,64}\Z")]
Moment = Annotated[int, msgspec.Meta(ge=0, lt=10**10)]  # epoch seconds, as sort keys hold them
Piece = Annotated[str, msgspec.Meta(pattern=r"\A-[01]{0,64}\Z")]


class SealWork(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="seal"):
    """Seal `piece` of `window`."""

    tenant: Tenant
    window: Moment
    piece: Piece


class TenantWork(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="tick"):
    """Seal and merge what is due of one tenant; `is_deep` as in seal.tick."""

    tenant: Tenant
    is_deep: bool


Work = SealWork | TenantWork


def encode(work: Work) -> bytes:
    """The message."""
    return msgspec.json.encode(work)


def decode(message: bytes) -> Work:
    """The work in a message. Raises ValueError for what is none."""
    work: Work = msgspec.json.decode(message, type=Work)  # msgspec's errors are ValueErrors
    return work
