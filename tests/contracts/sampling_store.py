"""What every sampling store must do. A store's tests subclass this and give the fixture `store`."""

from chalicelib.storage.port import SamplingStore


class SamplingStoreContract:
    def test_a_tenant_that_was_never_set_up_has_no_document(self, store: SamplingStore) -> None:
        assert store.find_sampling("default") is None

    def test_a_document_comes_back_to_the_byte(self, store: SamplingStore) -> None:
        document = b'{"policies": [{"name": "errors, w\xc3\xa4hrend", "type": "status_code"}]}\x00'
        store.put_sampling("default", document)
        assert store.find_sampling("default") == document

    def test_a_document_replaces_the_tenants_last_and_nobody_elses(self, store: SamplingStore) -> None:
        store.put_sampling("shop", b"{}")
        store.put_sampling("shop-dev", b'{"dev": 1}')
        store.put_sampling("shop", b'{"second": 2}')
        assert store.find_sampling("shop") == b'{"second": 2}'
        assert store.find_sampling("shop-dev") == b'{"dev": 1}'
        assert store.find_sampling("sho") is None

    def test_strategies_are_a_document_of_their_own(self, store: SamplingStore) -> None:
        store.put_sampling("shop", b"policies")
        assert store.find_strategies("shop") is None
        store.put_strategies("shop", b"\x00 first")
        store.put_strategies("shop", b"second")
        store.put_strategies("shop-dev", b"others")
        assert store.find_strategies("shop") == b"second"
        assert store.find_sampling("shop") == b"policies"
        assert store.find_strategies("sho") is None
