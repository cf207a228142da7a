import pytest

from chalicelib.model.errors import StoreError
from chalicelib.storage.memory import MemorySamplingStore
from chalicelib.storage.remembered import MAX_REMEMBERED, REMEMBERED_S, RETRY_S, RememberedSampling
from tests.contracts.sampling_store import SamplingStoreContract


class Counting(MemorySamplingStore):
    """Counts who asks, and fails while it is `away`."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.away = False

    def find_sampling(self, tenant):
        self.asked += 1
        if self.away:
            raise StoreError("away")
        return super().find_sampling(tenant)


@pytest.fixture
def within() -> Counting:
    return Counting()


@pytest.fixture
def remembered(within, clock) -> RememberedSampling:
    return RememberedSampling(within, clock.now_ns)


class TestRememberedSampling(SamplingStoreContract):
    @pytest.fixture
    def store(self, remembered):
        return remembered


@pytest.mark.parametrize("document", [None, b"{}"])
def test_a_document_or_that_there_is_none_is_read_once_a_minute(within, remembered, clock, document):
    if document is not None:
        within.put_sampling("acme", document)
    assert [remembered.find_sampling("acme") for _ in range(3)] == [document] * 3
    clock.advance_s(REMEMBERED_S - 1)
    remembered.find_sampling("acme")
    assert within.asked == 1
    clock.advance_s(1)
    within.put_sampling("acme", b"new")
    assert remembered.find_sampling("acme") == b"new"


def test_strategies_are_remembered_as_well_and_apart(within, remembered, clock):
    within.put_strategies("acme", b"old")
    assert (remembered.find_strategies("acme"), remembered.find_sampling("acme")) == (b"old", None)
    within.put_strategies("acme", b"new")
    assert remembered.find_strategies("acme") == b"old"
    clock.advance_s(REMEMBERED_S)
    assert remembered.find_strategies("acme") == b"new"
    remembered.put_strategies("acme", b"newer")
    assert remembered.find_strategies("acme") == within.find_strategies("acme") == b"newer"


def test_what_is_put_is_known_at_once(within, remembered):
    remembered.find_sampling("acme")
    remembered.put_sampling("acme", b"new")
    assert remembered.find_sampling("acme") == within.find_sampling("acme") == b"new"


def test_a_store_that_is_away_is_answered_for_by_what_was_last_known_and_asked_again_soon(within, remembered, clock):
    within.put_sampling("acme", b"old")
    remembered.find_sampling("acme")
    within.away = True
    clock.advance_s(REMEMBERED_S)
    assert [remembered.find_sampling("acme") for _ in range(3)] == [b"old"] * 3
    assert within.asked == 2
    clock.advance_s(RETRY_S)
    within.away = False
    within.put_sampling("acme", b"new")
    assert remembered.find_sampling("acme") == b"new"


def test_a_store_that_never_answered_fails_and_is_not_asked_by_every_post(within, remembered, clock):
    within.away = True
    for _ in range(3):
        with pytest.raises(StoreError):
            remembered.find_sampling("acme")
    assert within.asked == 1
    clock.advance_s(RETRY_S)
    within.away = False
    assert remembered.find_sampling("acme") is None


def test_so_many_tenants_are_remembered_and_no_more(within, remembered):
    for number in range(MAX_REMEMBERED + 1):
        remembered.find_sampling(f"tenant-{number}")
    remembered.find_sampling("tenant-0")
    assert within.asked == MAX_REMEMBERED + 2
