"""What one invocation leaves to another: JSON, small, and harmless to do twice."""

import msgspec


class SealWork(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="seal"):
    """Seal `piece` of `window`."""

    tenant: str
    window: int
    piece: str


class TenantWork(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="tick"):
    """Seal and merge what is due of one tenant; `is_deep` as in seal.tick."""

    tenant: str
    is_deep: bool


Work = SealWork | TenantWork


def encode(work: Work) -> bytes:
    """The message."""
    return msgspec.json.encode(work)


def decode(message: bytes) -> Work:
    """The work in a message. Raises ValueError for what is none."""
    work: Work = msgspec.json.decode(message, type=Work)  # msgspec's errors are ValueErrors
    return work
