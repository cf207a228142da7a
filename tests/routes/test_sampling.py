"""What clients hear that ask how many traces to begin."""

import json

import pytest

from chalicelib.access.gates import KeyGate
from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.model.access import Scope
from chalicelib.model.errors import StoreError
from chalicelib.routes import gateway
from chalicelib.routes.sampling import PATHS
from chalicelib.storage.memory import MemoryKeyStore, MemorySamplingStore
from tests.in_memory import services_in_memory
from tests.routes.posts import call, event

DOCUMENT = b"""{
  "default_strategy": {"type": "probabilistic", "param": 0.5},
  "service_strategies": [{"service": "shop", "type": "ratelimiting", "param": 42}]
}"""
LIMITED = {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": 42}}
HALF = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.5}}
THOUSANDTH = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.001}}


@pytest.fixture
def sampling() -> MemorySamplingStore:
    return MemorySamplingStore()


def asked(services, path="/sampling", headers=None, **query):
    status, answered, body = call(gateway.create(services), event("GET", path, headers=headers, query=query))
    return status, answered["content-type"], body.decode()


def told(services, path="/sampling", service="shop"):
    status, media_type, body = asked(services, path, service=[service])
    assert (status, media_type) == (200, "application/json")
    return json.loads(body)


@pytest.mark.parametrize("path", PATHS)
def test_a_service_is_told_its_strategy_at_every_path_that_clients_ask(sampling, path):
    services = services_in_memory(sampling=sampling)
    assert told(services, path) == THOUSANDTH
    sampling.put_strategies("default", DOCUMENT)
    assert [told(services, path, service) for service in ("shop", "unknown", "")] == [LIMITED, HALF, HALF]


@pytest.mark.parametrize("query", [{}, {"service": ["a", "b"]}, {"Service": ["a"]}])
def test_a_service_that_is_missing_or_repeated_is_400_in_jaegers_words(query):
    status, media_type, body = asked(services_in_memory(), **query)
    assert (status, media_type) == (400, "text/plain; charset=utf-8")
    assert body == "'service' parameter must be provided once\n"


def test_rules_that_somebody_wrote_by_hand_wrongly_are_our_fault_and_never_an_answer(sampling):
    sampling.put_strategies("default", b"{")
    status, _, body = asked(services_in_memory(sampling=sampling), service=["shop"])
    assert (status, body) == (503, "the sampling strategies cannot be read\n")


def test_a_store_that_is_away_is_503_and_the_client_goes_on_as_before():
    class Away(MemorySamplingStore):
        def find_strategies(self, tenant):
            raise StoreError("away")

    assert asked(services_in_memory(sampling=Away()), service=["shop"])[0] == 503


def test_whoever_may_send_may_ask_and_hears_the_rules_of_its_own_tenant(sampling):
    keys, tokens = MemoryKeyStore(), {}
    for number, (tenant, scope) in enumerate([("acme", Scope.INGEST), ("other", Scope.INGEST), ("acme", Scope.READ)]):
        token, record = issue(
            bytes([number]) * RANDOM_BYTES, tenant=tenant, scopes=frozenset({scope}), expires_at_s=None
        )
        keys.put_key(record)
        tokens[tenant, scope] = {"x-api-key": token.text()}
    sampling.put_strategies("acme", DOCUMENT)
    services = services_in_memory(sampling=sampling, gate=KeyGate(keys.find_key, lambda: 0))

    def body(tenant, scope):
        return asked(services, headers=tokens[tenant, scope], service=["shop"])

    assert json.loads(body("acme", Scope.INGEST)[2]) == LIMITED
    assert json.loads(body("other", Scope.INGEST)[2]) == THOUSANDTH
    assert body("acme", Scope.READ)[0] == 403
    assert asked(services, service=["shop"])[0] == 401
