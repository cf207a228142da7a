"""Jaeger's strategy file, and what a client is told of it."""

import json

import pytest

from chalicelib.codecs.jaeger.strategies import MAX_DOCUMENT_BYTES, NONE, not_told, read, write
from chalicelib.model.errors import PolicyError


def rule(param=0.5, type_="probabilistic", **more):
    return {"type": type_, "param": param, **more}


def operation(name, param=0.25, type_="probabilistic"):
    return rule(param, type_, operation=name)


def told(document, service="shop"):
    return json.loads(write(read(json.dumps(document).encode()), service))


def probability(rate):
    return {"probabilisticSampling": {"samplingRate": rate}}


def operations(default, *named):
    return {
        "defaultSamplingProbability": default,
        "defaultLowerBoundTracesPerSecond": 0.0,
        "perOperationStrategies": [{"operation": name, **probability(rate)} for name, rate in named],
        "defaultUpperBoundTracesPerSecond": 0.0,
    }


OURS = {"default_strategy": rule(0.1), "service_strategies": [rule(0.8, service="shop")]}
LIMITED = {"service_strategies": [rule(42, "ratelimiting", service="shop")]}
MIXED = {
    "default_strategy": rule(0.2, operation_strategies=[operation("/health", 0), operation("/pay", 0.9)]),
    "service_strategies": [
        rule(0.8, service="shop", operation_strategies=[operation("/pay", 1), operation("/bulk", 5, "ratelimiting")]),
        rule(7, "ratelimiting", service="limited"),
        rule(7, "ratelimiting", service="limited with its own", operation_strategies=[operation("/x")]),
        rule(0.3, service="plain"),
    ],
}


@pytest.mark.parametrize(
    ("document", "service", "answer"),
    [
        ({}, "shop", {"strategyType": "PROBABILISTIC", **probability(0.001)}),
        (OURS, "shop", {"strategyType": "PROBABILISTIC", **probability(0.8)}),
        (OURS, "unknown", {"strategyType": "PROBABILISTIC", **probability(0.1)}),
        (OURS, "Shop", {"strategyType": "PROBABILISTIC", **probability(0.1)}),
        (LIMITED, "shop", {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": 42}}),
        (LIMITED, "", {"strategyType": "PROBABILISTIC", **probability(0.001)}),
    ],
)
def test_a_service_is_told_its_strategy_and_one_that_is_not_named_the_default(document, service, answer):
    assert told(document, service) == answer


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("unknown", operations(0.2, ("/health", 0.0), ("/pay", 0.9))),
        ("shop", operations(0.8, ("/pay", 1.0), ("/health", 0.0))),
        ("plain", operations(0.3, ("/health", 0.0), ("/pay", 0.9))),
        ("limited", operations(0.2, ("/health", 0.0), ("/pay", 0.9))),
        ("limited with its own", operations(0.001, ("/x", 0.25), ("/health", 0.0), ("/pay", 0.9))),
    ],
)
def test_a_services_operations_come_before_the_defaults_and_its_own_rate_is_that_of_all_others(service, expected):
    """As Jaeger's file provider has it: a rate limit leaves other operations the default's chance, or Jaeger's own."""
    assert told(MIXED, service)["operationSampling"] == expected


def test_a_rate_limit_of_an_operation_is_not_told_and_whoever_wrote_it_can_see_that():
    document = read(json.dumps(MIXED).encode())
    assert not_told(document) == ["$.service_strategies[0].operation_strategies[1]"]
    assert not_told(NONE) == []


def test_a_rate_of_part_of_a_trace_is_told_as_a_whole_number():
    assert told({"default_strategy": rule(2.9, "ratelimiting")})["rateLimitingSampling"] == {"maxTracesPerSecond": 2}


def test_names_of_any_kind_are_told_as_they_are():
    name = 'GET /ü "q" \\ \u2028 \x00 </script>'
    document = {"default_strategy": rule(operation_strategies=[operation(name)])}
    assert told(document)["operationSampling"]["perOperationStrategies"][0]["operation"] == name


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "$: Expected `object`"),
        ({"strategies": []}, "unknown field `strategies`"),
        ({"default_strategy": {"type": "probabilistic"}}, "$.default_strategy: Object missing required field `param`"),
        ({"default_strategy": rule("0.5")}, "$.default_strategy.param: Expected `float`"),
        ({"default_strategy": rule(1.1)}, "$.default_strategy.param: 1.1 is not between 0 and 1"),
        ({"default_strategy": rule(-1, "ratelimiting")}, "-1.0 is not between 0 and 2147483647"),
        ({"default_strategy": rule(2**31, "ratelimiting")}, "not between 0 and 2147483647"),
        ({"default_strategy": rule(1, "adaptive")}, "$.default_strategy.type"),
        ({"service_strategies": [rule()]}, "$.service_strategies[0]: Object missing required field `service`"),
        ({"service_strategies": [rule(service="a"), rule(service="a")]}, "$.service_strategies[1]: 'a' is named twice"),
        (
            {"default_strategy": rule(operation_strategies=[operation("a"), operation("a")])},
            "$.default_strategy.operation_strategies[1]: 'a' is named twice",
        ),
        ({"default_strategy": rule(operation_strategies=[operation("a", 2)])}, "operation_strategies[0].param: 2.0"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(document, words):
    with pytest.raises(PolicyError) as refused:
        read(json.dumps(document).encode())
    assert words in refused.value.detail


@pytest.mark.parametrize(
    "document", [b"", b"{", b"default_strategy:", b"\xff", b'{"default_strategy": NaN}', b"[" * 9999]
)
def test_what_is_no_json_is_refused(document):
    with pytest.raises(PolicyError):
        read(document)


def test_a_document_that_would_not_fit_its_item_is_refused():
    with pytest.raises(PolicyError, match=f"over {MAX_DOCUMENT_BYTES}"):
        read(b" " * MAX_DOCUMENT_BYTES + b"{}")
