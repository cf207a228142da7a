"""Sampling documents remembered for a while, so that a post need not wait for the control table."""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.model.errors import StoreError
from chalicelib.storage.port import SamplingStore

REMEMBERED_S = 60
RETRY_S = 5  # a store that did not answer is asked again this soon, and not by every post
MAX_REMEMBERED = 1_000  # tenants

_NS_PER_S = 1_000_000_000


class _Known(NamedTuple):
    until_ns: int
    document: bytes | None
    failure: str = ""


class RememberedSampling:
    """The documents of `store`, each read once in REMEMBERED_S per container. One that is put is known at once.

    A store that cannot be reached is answered for by what was last known of it.
    """

    def __init__(self, store: SamplingStore, now_ns: Callable[[], int]) -> None:
        self._store = store
        self._policies = _Remembered(store.find_sampling, now_ns)
        self._strategies = _Remembered(store.find_strategies, now_ns)

    def put_sampling(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._store.put_sampling(tenant, document)
        self._policies.remember(tenant, document)

    def find_sampling(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._policies.find(tenant)

    def put_strategies(self, tenant: str, document: bytes) -> None:
        """See port.SamplingStore."""
        self._store.put_strategies(tenant, document)
        self._strategies.remember(tenant, document)

    def find_strategies(self, tenant: str) -> bytes | None:
        """See port.SamplingStore."""
        return self._strategies.find(tenant)


class _Remembered:
    """Documents of one kind, which `ask` finds."""

    def __init__(self, ask: Callable[[str], bytes | None], now_ns: Callable[[], int]) -> None:
        self._ask = ask
        self._now_ns = now_ns
        self._known: dict[str, _Known] = {}

    def remember(self, tenant: str, document: bytes | None) -> None:
        self._remember(tenant, document, REMEMBERED_S)

    def find(self, tenant: str) -> bytes | None:
        known = self._known.get(tenant)
        if known is None or known.until_ns <= self._now_ns():
            known = self._asked(tenant, known)
        if known.failure:
            raise StoreError(known.failure)
        return known.document

    def _asked(self, tenant: str, last: _Known | None) -> _Known:
        try:
            document = self._ask(tenant)
        except StoreError as failure:
            if last is None or last.failure:
                return self._remember(tenant, None, RETRY_S, failure.detail)
            return self._remember(tenant, last.document, RETRY_S)
        return self._remember(tenant, document, REMEMBERED_S)

    def _remember(self, tenant: str, document: bytes | None, for_s: int, failure: str = "") -> _Known:
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        known = self._known[tenant] = _Known(self._now_ns() + for_s * _NS_PER_S, document, failure)
        return known
