import base64
from collections.abc import Callable

import pytest

from chalicelib.access.gates import MAX_CACHED, UNKNOWN_CACHE_S, KeyGate, OpenGate
from chalicelib.access.keys import RANDOM_BYTES, issue, mint
from chalicelib.model.access import KeyRecord, Scope
from chalicelib.model.errors import NoCredentials, ScopeMissing, StoreError

NOON_S = 1_700_000_000


class Keys:
    """A key store that counts how often it is asked, and a clock."""

    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.asked = 0
        self.now_s = NOON_S
        self.error: Exception | None = None

    def add(self, *scopes: Scope, byte: int = 1, expires_at_s: int | None = None) -> str:
        token, record = issue(
            bytes([byte]) * RANDOM_BYTES, tenant="acme", scopes=frozenset(scopes), expires_at_s=expires_at_s
        )
        self.records[record.key_id] = record
        return token.text()

    def find_key(self, key_id: str) -> KeyRecord | None:
        self.asked += 1
        if self.error:
            raise self.error
        return self.records.get(key_id)

    def now_ns(self) -> int:
        return self.now_s * 1_000_000_000


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def gate(keys: Keys) -> KeyGate:
    return KeyGate(keys.find_key, keys.now_ns)


def basic(credentials: str) -> dict[str, str]:
    return {"authorization": f"basic {base64.b64encode(credentials.encode()).decode()}"}


SENDING: dict[str, Callable[[str], dict[str, str]]] = {
    "bearer": lambda key: {"authorization": f"Bearer {key}"},
    "bearer in lower case": lambda key: {"authorization": f"bearer {key}"},
    "bearer in upper case, more spaces": lambda key: {"authorization": f"BEARER   {key} "},
    "x-api-key": lambda key: {"x-api-key": key},
    "the password of basic authorization": lambda key: basic(f"any user:{key}"),
    "the password, with no user": lambda key: basic(f":{key}"),
    "x-api-key beside basic authorization": lambda key: {"authorization": "Basic YTpi", "x-api-key": key},
}


@pytest.mark.parametrize("send", SENDING.values(), ids=SENDING)
def test_a_key_lets_its_tenant_in_however_it_is_sent(keys, gate, send):
    key = keys.add(Scope.INGEST)
    assert gate.admit(send(key), Scope.INGEST).tenant == "acme"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"x-api-key": "hello"},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic \u00e9"},
        {"authorization": "Basic /w=="},
        {"authorization": "Basic x"},
        basic("no colon"),
        basic("user:password"),
    ],
)
def test_no_key_is_no_credentials_and_the_store_is_not_asked(keys, gate, headers):
    with pytest.raises(NoCredentials):
        gate.admit(headers, Scope.READ)
    assert keys.asked == 0


def test_unknown_wrong_and_expired_keys_are_answered_alike(keys, gate):
    good = keys.add(Scope.READ, byte=1)
    expired = keys.add(Scope.READ, byte=2, expires_at_s=NOON_S - 1)
    unknown = mint(b"\x03" * RANDOM_BYTES).text()
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    said = set()
    for key in (expired, unknown, wrong):
        with pytest.raises(NoCredentials) as refused:
            gate.admit({"x-api-key": key}, Scope.READ)
        said.add(refused.value.detail)
    assert len(said) == 1


@pytest.mark.parametrize("scope", list(Scope))
def test_no_scope_implies_another(keys, gate, scope):
    key = keys.add(*(other for other in Scope if other is not scope))
    with pytest.raises(ScopeMissing):
        gate.admit({"x-api-key": key}, scope)


def test_a_record_is_remembered_for_a_minute(keys, gate):
    headers = {"x-api-key": keys.add(Scope.READ)}
    gate.admit(headers, Scope.READ)
    keys.records.clear()
    keys.now_s += 59
    gate.admit(headers, Scope.READ)
    assert keys.asked == 1
    keys.now_s += 1
    with pytest.raises(NoCredentials):
        gate.admit(headers, Scope.READ)


def test_a_remembered_key_still_expires_on_time(keys, gate):
    headers = {"x-api-key": keys.add(Scope.READ, expires_at_s=NOON_S + 10)}
    gate.admit(headers, Scope.READ)
    keys.now_s += 10
    with pytest.raises(NoCredentials):
        gate.admit(headers, Scope.READ)


def test_a_key_tried_before_it_was_made_works_seconds_after(keys, gate):
    headers = {"x-api-key": mint(b"\x01" * RANDOM_BYTES).text()}
    for _ in range(3):
        with pytest.raises(NoCredentials):
            gate.admit(headers, Scope.READ)
    assert keys.asked == 1
    keys.add(Scope.READ, byte=1)
    keys.now_s += UNKNOWN_CACHE_S
    gate.admit(headers, Scope.READ)


def test_guessing_ids_does_not_fill_the_memory(keys, gate):
    for number in range(2 * MAX_CACHED + 10):
        with pytest.raises(NoCredentials):
            gate.admit({"x-api-key": mint(number.to_bytes(RANDOM_BYTES, "little")).text()}, Scope.READ)
    assert len(gate._cached) <= MAX_CACHED


def test_a_store_that_is_away_lets_nobody_in(keys, gate):
    headers = {"x-api-key": keys.add(Scope.READ)}
    keys.error = StoreError("away")
    with pytest.raises(StoreError):
        gate.admit(headers, Scope.READ)


def test_the_open_gate_admits_everybody_as_its_one_tenant():
    admitted = OpenGate("default").admit({}, Scope.ADMIN)
    assert admitted.tenant == "default"
    assert admitted.scopes == frozenset(Scope)
