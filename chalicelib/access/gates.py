"""The two gates: one that asks for a key, and one for a laptop's loopback that does not."""

from base64 import b64decode
from collections.abc import Callable, Mapping

from chalicelib.access.keys import Token, find_token, opens
from chalicelib.model.access import KeyRecord, Principal, Scope
from chalicelib.model.errors import NoCredentials, ScopeMissing

UNKNOWN_CACHE_S = 5  # a key works this soon after it was made, even if it was tried before
MAX_CACHED = 1_000

HOW_TO_SEND = "send a valid key as 'Authorization: Bearer <key>' or as 'x-api-key: <key>'"


class KeyGate:
    """Admits whoever sends a key from the control table, for what the key was made for.

    A record is remembered for `cache_s` seconds per container, so a revoked key works that much longer. `find_key` is
    a KeyStore's; what it raises (StoreError) goes through: a store that is away lets nobody in. `admin` implies no
    other scope.
    """

    def __init__(
        self, find_key: Callable[[str], KeyRecord | None], now_ns: Callable[[], int], cache_s: int = 60
    ) -> None:
        self._find_key = find_key
        self._now_ns = now_ns
        self._cache_s = cache_s
        self._cached: dict[str, tuple[int, KeyRecord | None]] = {}

    def admit(self, headers: Mapping[str, str], scope: Scope) -> Principal:
        """The caller behind `headers`. Raises NoCredentials, ScopeMissing or StoreError."""
        token = _token(headers)
        if token is None:
            raise NoCredentials(HOW_TO_SEND)
        now_s = self._now_ns() // 1_000_000_000
        record = self._record(token.key_id, now_s)
        if not opens(token, record, now_s) or record is None:
            raise NoCredentials(HOW_TO_SEND)
        if scope not in record.scopes:
            raise ScopeMissing(f"this key was made for {_listed(record.scopes)}, not for {scope}")
        return Principal(tenant=record.tenant, scopes=record.scopes, key_id=record.key_id)

    def _record(self, key_id: str, now_s: int) -> KeyRecord | None:
        good_until_s, record = self._cached.get(key_id, (0, None))
        if now_s < good_until_s:
            return record
        record = self._find_key(key_id)
        if len(self._cached) >= MAX_CACHED:  # somebody is guessing; what is known is soon learnt again
            self._cached.clear()
        kept_s = UNKNOWN_CACHE_S if record is None else self._cache_s
        self._cached[key_id] = (now_s + min(kept_s, self._cache_s), record)
        return record


class OpenGate:
    """Admits everybody as one tenant with every scope. Only the local runner has one, and only on loopback."""

    def __init__(self, tenant: str) -> None:
        self._principal = Principal(tenant=tenant, scopes=frozenset(Scope), key_id="open")

    def admit(self, headers: Mapping[str, str], scope: Scope) -> Principal:
        """The one tenant. Raises nothing."""
        del headers, scope
        return self._principal


def _token(headers: Mapping[str, str]) -> Token | None:
    """From `Authorization: Bearer …` (any case of the word, RFC 9110 11.1), else from `x-api-key`, else as the password
    of `Authorization: Basic …`.
    """
    kind, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if kind.lower() == "bearer":
        return find_token(credentials.strip())
    if kind.lower() == "basic" and "x-api-key" not in headers:
        return find_token(_password(credentials.strip()))
    return find_token(headers.get("x-api-key", "").strip())


def _password(credentials: str) -> str:
    """jaeger-client and the OpenTelemetry exporters for Jaeger can send a user and a password, and no other header."""
    try:
        return b64decode(credentials, validate=True).decode("ascii").partition(":")[2]
    except ValueError:
        return ""


def _listed(scopes: frozenset[Scope]) -> str:
    return " and ".join(sorted(scopes)) or "nothing"
