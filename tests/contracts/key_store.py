"""What every key store must do. A store's tests subclass this and give the fixture `store`."""

from hashlib import sha256

import msgspec
import pytest

from chalicelib.model.access import KeyRecord, Scope
from chalicelib.storage.port import KeyStore

EVERYTHING = KeyRecord(
    key_id="k1",
    secret_sha256=sha256(b"secret").digest(),
    tenant="shop-dev",
    scopes=frozenset(Scope),
    expires_at_s=1_767_268_800,
    note="the shop's build, 10 % of traffic, für Tests",
)
BARE = KeyRecord(key_id="k2", secret_sha256=b"\x00\xff" * 16, tenant="default", scopes=frozenset())


class KeyStoreContract:
    def test_an_unknown_key_is_none(self, store: KeyStore) -> None:
        assert store.find_key("k1") is None

    @pytest.mark.parametrize("record", [EVERYTHING, BARE], ids=["everything set", "nothing optional set"])
    def test_a_key_comes_back_as_it_was_put(self, store: KeyStore, record: KeyRecord) -> None:
        store.put_key(record)
        assert store.find_key(record.key_id) == record

    def test_a_key_that_is_put_again_is_replaced(self, store: KeyStore) -> None:
        store.put_key(EVERYTHING)
        narrowed = msgspec.structs.replace(EVERYTHING, scopes=frozenset({Scope.READ}), expires_at_s=None)
        store.put_key(narrowed)
        assert store.find_key("k1") == narrowed

    def test_keys_do_not_answer_for_each_other(self, store: KeyStore) -> None:
        store.put_key(EVERYTHING)
        assert store.find_key("k") is None
        assert store.find_key("k11") is None
        assert store.find_key("") is None

    def test_an_expired_key_is_still_found(self, store: KeyStore) -> None:
        """Whoever let the caller in judges; the store has no clock."""
        expired = msgspec.structs.replace(BARE, expires_at_s=1)
        store.put_key(expired)
        assert store.find_key("k2") == expired
