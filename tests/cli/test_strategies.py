import pytest

from chalicelib.cli.sampling import main
from chalicelib.cli.strategies import NO_STRATEGIES, checked, put, shown
from chalicelib.model.errors import PolicyError
from chalicelib.storage.memory import MemorySamplingStore

DOCUMENT = b"""{"service_strategies": [
  {"service": "shop", "type": "probabilistic", "param": 0.5,
   "operation_strategies": [{"operation": "/bulk", "type": "ratelimiting", "param": 1}]}
]}
"""


@pytest.fixture
def store() -> MemorySamplingStore:
    return MemorySamplingStore()


def test_strategies_that_are_put_are_shown_as_they_were_written_and_policies_are_left_alone(store):
    assert shown(store, "acme") == NO_STRATEGIES
    assert put(store, "acme", DOCUMENT).startswith("acme: a default, and 1 services: shop\n")
    assert shown(store, "acme") == DOCUMENT.decode().rstrip()
    assert shown(store, "other") == NO_STRATEGIES
    assert store.find_sampling("acme") is None


def test_strategies_that_are_wrong_are_not_put(store):
    with pytest.raises(PolicyError):
        put(store, "acme", b"[]")
    assert shown(store, "acme") == NO_STRATEGIES


def test_a_rule_that_no_client_will_be_told_is_named():
    path = "$.service_strategies[0].operation_strategies[0]"
    assert checked(DOCUMENT).splitlines()[1:] == [f"{path}: not told; the rate of an operation is not limited"]
    assert checked(b"{}") == "a default, and 0 services"


def test_checking_and_trying_are_one_command_each_and_touch_no_store(tmp_path, capsys):
    path = tmp_path / "strategies.json"
    path.write_bytes(DOCUMENT)
    assert main(["check-strategies", str(path)]) == 0
    assert main(["try-strategies", str(path), "unknown"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "a default, and 1 services: shop"
    assert said[-1] == '{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}'


def test_what_is_wrong_is_one_line_and_exit_code_1(tmp_path, capsys):
    path = tmp_path / "strategies.json"
    path.write_bytes(b'{"service_strategies": [{"service": "shop", "type": "probabilistic", "param": 50}]}')
    assert main(["check-strategies", str(path)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "spanfold: $.service_strategies[0].param: 50.0 is not between 0 and 1\n",
    )
