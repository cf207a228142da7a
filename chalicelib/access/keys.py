"""API keys: `sfk_<key id>_<secret>`.

The prefix lets secret scanners find a leaked one. The secret is 32 random bytes, so its SHA-256 needs no salt and no
slow hash: nobody can try 2^256 of them. The key id is public, and says which record to compare with.
"""

import hashlib
import hmac
import re
from typing import NamedTuple

from chalicelib.model.access import KeyRecord, Scope

PREFIX = "sfk"
KEY_ID_BYTES = 9
SECRET_BYTES = 32
RANDOM_BYTES = KEY_ID_BYTES + SECRET_BYTES
KEY_ID_CHARS = 13  # 62^13 > 2^72
SECRET_CHARS = 43  # 62^43 > 2^256

TENANT = re.compile(r"(?!-\Z)[a-z0-9-]{1,64}", re.ASCII)  # "-" alone is Spanfold itself (model/view.py)

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(rf"{PREFIX}_([0-9A-Za-z]{{{KEY_ID_CHARS}}})_([0-9A-Za-z]{{{SECRET_CHARS}}})", re.ASCII)
_NO_HASH = bytes(32)  # what an unknown key is compared with; no secret hashes to it, and the work is the same


class Token(NamedTuple):
    """A key as its holder has it."""

    key_id: str
    secret: str

    def text(self) -> str:
        """As it is sent. Shown once, when it is made."""
        return f"{PREFIX}_{self.key_id}_{self.secret}"


def mint(random_bytes: bytes) -> Token:
    """A new token out of RANDOM_BYTES unpredictable bytes. Raises ValueError for fewer or more."""
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a key takes {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    key_id, secret = random_bytes[:KEY_ID_BYTES], random_bytes[KEY_ID_BYTES:]
    return Token(_base62(key_id, KEY_ID_CHARS), _base62(secret, SECRET_CHARS))


def issue(
    random_bytes: bytes, *, tenant: str, scopes: frozenset[Scope], expires_at_s: int | None, note: str = ""
) -> tuple[Token, KeyRecord]:
    """A new key: what its holder gets, and what the control table keeps. Raises ValueError for a tenant misnamed."""
    if not TENANT.fullmatch(tenant):
        raise ValueError(f"tenant {tenant!r} is not 1 to 64 characters of a-z, 0-9 and '-'")
    token = mint(random_bytes)
    record = KeyRecord(
        key_id=token.key_id,
        secret_sha256=secret_sha256(token.secret),
        tenant=tenant,
        scopes=scopes,
        expires_at_s=expires_at_s,
        note=note,
    )
    return token, record


def find_token(text: str) -> Token | None:
    """The token that `text` is, or None."""
    match = _TOKEN.fullmatch(text)
    return Token(match[1], match[2]) if match else None


def secret_sha256(secret: str) -> bytes:
    """What the control table keeps of a secret."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def opens(token: Token, record: KeyRecord | None, now_s: int) -> bool:
    """Whether `token` is the key that `record` describes and has not expired; no record costs the same work."""
    expected = _NO_HASH if record is None else record.secret_sha256
    same = hmac.compare_digest(secret_sha256(token.secret), expected)
    return record is not None and same and not _expired(record, now_s)


def _expired(record: KeyRecord, now_s: int) -> bool:
    return record.expires_at_s is not None and record.expires_at_s <= now_s


def _base62(number: bytes, width: int) -> str:
    left = int.from_bytes(number, "big")
    digits = []
    for _ in range(width):
        left, digit = divmod(left, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
