"""Who is calling, and what they may do."""

from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """What a key was made for. A browser's ingest key must not read; a dashboard's read key must not write."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A caller that has been let in: always from a checked key, never from a body or an unchecked header."""

    tenant: str
    scopes: frozenset[Scope]
    key_id: str


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the control table knows of a key. The secret itself is shown once and kept nowhere."""

    key_id: str
    secret_sha256: bytes
    tenant: str
    scopes: frozenset[Scope]
    expires_at_s: int | None = None
    note: str = ""
