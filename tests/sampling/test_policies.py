import json
import re
from pathlib import Path

import msgspec
import pytest

from chalicelib.model.errors import PolicyError
from chalicelib.sampling import policies as documents
from chalicelib.sampling.policies import MAX_DOCUMENT_BYTES, Expression, parse
from chalicelib.sampling.rules import SIMPLE, And, Composite, Drop, Latency, Probabilistic, Share


def document(*policies: dict, **others: object) -> bytes:
    return json.dumps({"policies": policies, **others}).encode()


def policy(kind: str, name: str = "p", **parameters: object) -> dict:
    return {"name": name, "type": kind, kind: parameters}


def refusal(*policies: dict, **others: object) -> tuple[str, str]:
    with pytest.raises(PolicyError) as refused:
        parse(document(*policies, **others))
    assert refused.value.detail.startswith(f"{refused.value.path}: ")
    return refused.value.path, refused.value.detail


EXAMPLES = {
    "always_sample": {},
    "boolean_attribute": {"key": "key4", "value": True},
    "bytes_limiting": {"bytes_per_second": 1_024_000},
    "latency": {"threshold_ms": 5000, "upper_threshold_ms": 10_000},
    "numeric_attribute": {"key": "key1", "min_value": 50, "max_value": 100},
    "probabilistic": {"sampling_percentage": 10},
    "rate_limiting": {"spans_per_second": 35},
    "span_count": {"min_spans": 2, "max_spans": 20},
    "status_code": {"status_codes": ["ERROR", "UNSET"]},
    "string_attribute": {"key": "k", "values": ["v*"], "enabled_regex_matching": True, "cache_max_size": 10},
    "trace_flags": {},
    "trace_state": {"key": "key3", "values": ["value1", "value2"]},
    "traceql": {"query": "{ duration > 2s }"},
}


@pytest.mark.parametrize("kind", SIMPLE)
def test_every_type_is_read_with_its_parameters(kind):
    (read,) = parse(document(policy(kind, **EXAMPLES[kind]))).policies
    assert type(read.rule) is SIMPLE[kind]
    told = json.loads(msgspec.json.encode(read.rule))
    assert told | EXAMPLES[kind] == told


@pytest.mark.parametrize("kind", ["always_sample", "trace_flags"])
def test_a_type_without_parameters_needs_no_object_for_them(kind):
    assert parse(document({"name": "all", "type": kind})).policies[0].rule == SIMPLE[kind]()


def test_policies_in_and_and_drop_are_read_with_their_places():
    parts = [policy("latency", "slow", threshold_ms=10), policy("probabilistic", "tenth", sampling_percentage=10)]
    conditions = [policy("string_attribute", "health", key="url.path", values=["/health"])]
    read = parse(
        document(policy("and", "both", and_sub_policy=parts), policy("drop", "no", drop_sub_policy=conditions))
    )
    both, dropped = read.policies
    assert isinstance(both.rule, And)
    assert isinstance(dropped.rule, Drop)
    assert [part.rule for part in both.rule.parts] == [Latency(threshold_ms=10), Probabilistic(sampling_percentage=10)]
    assert both.rule.parts[1].path == "$.policies[0].and.and_sub_policy[1]"
    assert dropped.rule.parts[0].path == "$.policies[1].drop.drop_sub_policy[0]"


def composite(**changed: object) -> dict:
    parts = [
        policy("latency", "slow", threshold_ms=10),
        policy("trace_flags", "flagged"),
        policy("always_sample", "rest"),
    ]
    told = {
        "max_total_spans_per_second": 1000,
        "policy_order": ["flagged", "slow", "rest"],
        "composite_sub_policy": parts,
        "rate_allocation": [{"policy": "slow", "percent": 50}, {"policy": "flagged", "percent": 20}],
    }
    return policy("composite", **(told | changed))


def shares(**changed: object) -> list[tuple[str, float]]:
    rule = parse(document(composite(**changed))).policies[0].rule
    assert isinstance(rule, Composite)
    assert all(isinstance(share, Share) for share in rule.shares)
    return [(share.part.name, share.spans_per_second) for share in rule.shares]


def test_the_parts_of_a_composite_come_in_its_order_with_their_rates_and_the_rest_share_what_is_left():
    assert shares() == [("flagged", 200), ("slow", 500), ("rest", 300)]
    assert shares(rate_allocation=[{"policy": "slow", "percent": 50}]) == [
        ("flagged", 250),
        ("slow", 500),
        ("rest", 250),
    ]
    assert shares(policy_order=[]) == [("slow", 500), ("flagged", 200), ("rest", 300)]


def test_a_switch_turns_policies_off_and_keeps_them():
    resting = parse(document(policy("always_sample"), enabled=False))
    assert (resting.enabled, len(resting.policies)) == (False, 1)
    assert parse(b'{"enabled": false}').policies == ()


def test_expressions_in_other_languages_are_told_with_their_places():
    regex = policy("string_attribute", "r", key="k", values=["a+", "b"], enabled_regex_matching=True)
    literal = policy("string_attribute", "l", key="k", values=["("])
    read = parse(
        document(
            policy("traceql", "q", query="{ true }"),
            policy("and", "both", and_sub_policy=[regex, literal]),
            policy(
                "composite", "c", max_total_spans_per_second=1, composite_sub_policy=[policy("traceql", query="{}")]
            ),
        )
    )
    within = "$.policies[1].and.and_sub_policy[0].string_attribute.values"
    assert list(documents.patterns(read)) == [Expression(f"{within}[0]", "a+"), Expression(f"{within}[1]", "b")]
    assert list(documents.queries(read)) == [
        Expression("$.policies[0].traceql.query", "{ true }"),
        Expression("$.policies[2].composite.composite_sub_policy[0].traceql.query", "{}"),
    ]


@pytest.mark.parametrize(
    ("kind", "parameters", "path", "words"),
    [
        ("latency", {}, "", "threshold_ms"),
        ("latency", {"threshold_ms": "5s"}, ".threshold_ms", "Expected `int`"),
        ("latency", {"threshold_ms": -1}, ".threshold_ms", ">= 0"),
        ("latency", {"threshhold_ms": 5}, "", "unknown field `threshhold_ms`"),
        ("status_code", {"status_codes": []}, ".status_codes", "length >= 1"),
        ("status_code", {"status_codes": ["ERR"]}, ".status_codes[0]", "'ERR'"),
        ("numeric_attribute", {"key": "k"}, "", "min_value or max_value is needed"),
        ("numeric_attribute", {"key": "k", "min_value": 2, "max_value": 1}, "", "min_value 2 is over max_value 1"),
        ("string_attribute", {"key": "k", "values": [""]}, ".values[0]", "length >= 1"),
        ("boolean_attribute", {"key": "k", "value": 1}, ".value", "Expected `bool`"),
        ("probabilistic", {"sampling_percentage": 101}, ".sampling_percentage", "<= 100"),
        ("probabilistic", {"sampling_percentage": 5, "hash_salt": "x"}, ".hash_salt", "randomness"),
        ("rate_limiting", {"spans_per_second": 0}, ".spans_per_second", ">= 1"),
        ("bytes_limiting", {"bytes_per_second": 1, "burst_capacity": 2}, ".burst_capacity", "window"),
        ("span_count", {}, "", "min_spans or max_spans is needed"),
        ("span_count", {"min_spans": 3, "max_spans": 2}, "", "over max_spans 2"),
        ("trace_state", {"key": "k", "values": "v"}, ".values", "Expected `array`"),
        ("traceql", {"query": ""}, ".query", "length >= 1"),
        ("and", {"and_sub_policy": []}, ".and_sub_policy", "at least one"),
        ("and", {"and_sub_policies": []}, ".and_sub_policies", "not known here"),
        (
            "drop",
            {"drop_sub_policy": [policy("probabilistic", sampling_percentage=5)]},
            ".drop_sub_policy[0].type",
            "here",
        ),
        ("and", {"and_sub_policy": [policy("and")]}, ".and_sub_policy[0].type", "'and' cannot be used here"),
    ],
)
def test_what_a_policy_cannot_say_is_refused_with_its_place(kind, parameters, path, words):
    where, said = refusal(policy(kind, **parameters))
    assert where == f"$.policies[0].{kind}{path}"
    assert words in said


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"policy_order": ["slow", "rest"]}, ".policy_order", "each of slow, flagged, rest once"),
        ({"policy_order": ["slow", "rest", "other"]}, ".policy_order", "each of"),
        ({"rate_allocation": [{"policy": "other", "percent": 1}]}, ".rate_allocation[0].policy", "once at most"),
        ({"rate_allocation": [{"policy": "slow", "percent": 101}]}, ".rate_allocation[0].percent", "not from 0 to 100"),
        ({"rate_allocation": [{"policy": "slow", "percent": "1"}]}, ".rate_allocation[0].percent", "Expected `float`"),
        ({"rate_allocation": [{"policy": "slow", "percent": 100}]}, ".rate_allocation", "nothing is left for"),
        ({"max_total_spans_per_second": 0}, ".max_total_spans_per_second", ">= 1"),
        ({"composite_sub_policy": []}, ".composite_sub_policy", "at least one"),
    ],
)
def test_a_composite_that_does_not_add_up_is_refused(changed, path, words):
    where, said = refusal(composite(**changed))
    assert where == f"$.policies[0].composite{path}"
    assert words in said


def test_percentages_of_more_than_a_hundred_are_refused():
    over = [{"policy": "slow", "percent": 60}, {"policy": "flagged", "percent": 60}]
    assert "add up to 120" in refusal(composite(rate_allocation=over))[1]


@pytest.mark.parametrize(
    ("told", "path", "words"),
    [
        ({"type": "latency"}, "$.policies[0]", "'name' is missing"),
        ({"name": "p"}, "$.policies[0]", "'type' is missing"),
        ({"name": "p", "type": "lattency"}, "$.policies[0].type", "'lattency' is no type of policy; there are"),
        ({"name": "p", "type": "ottl_condition"}, "$.policies[0].type", "traceql"),
        ({"name": "p", "type": "not"}, "$.policies[0].type", "TraceQL"),
        ({"name": 7, "type": "latency"}, "$.policies[0].name", "Expected `str`"),
        ({"name": "p", "type": "always_sample", "latency": {}}, "$.policies[0].latency", "not known here"),
        (7, "$.policies[0]", "Expected `object`"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(told, path, words):
    where, said = refusal(told)
    assert where == path
    assert words in said


def test_two_policies_of_one_name_are_refused():
    assert refusal(policy("trace_flags"), policy("always_sample")) == (
        "$.policies[1].name",
        "$.policies[1].name: another policy is called 'p' already",
    )


@pytest.mark.parametrize("key", ["decision_wait", "num_traces", "decision_cache", "sample_on_first_match"])
def test_settings_of_the_collector_that_mean_nothing_here_are_refused_with_a_reason(key):
    where, said = refusal(policy("always_sample"), **{key: 1})
    assert where == f"$.{key}"
    assert "leave it out" in said


@pytest.mark.parametrize("policies", [[], [policy("drop", drop_sub_policy=[policy("trace_flags")])]])
def test_a_document_that_would_keep_nothing_is_refused(policies):
    assert "nothing would be kept" in refusal(*policies)[1]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"policies": {}}', b'{"enabled": 1}', b" " * (MAX_DOCUMENT_BYTES + 1)]
)
def test_what_is_no_document_is_refused(body):
    with pytest.raises(PolicyError):
        parse(body)


def test_a_list_of_too_many_policies_is_refused():
    assert "201 policies" in refusal(*[policy("always_sample")] * 201)[1]


PAGE = (Path(__file__).parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")


def test_the_documented_example_is_one_that_can_be_put():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert [one.name for one in parse(example.encode()).policies][:2] == ["failures", "slow checkouts"]


@pytest.mark.parametrize("kind", [*SIMPLE, "and", "composite", "drop"])
def test_every_type_is_documented_with_its_parameters(kind):
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)
    parameters = SIMPLE[kind].__struct_fields__ if kind in SIMPLE else ()
    assert [name for name in parameters if f"`{name}`" not in row and name != "cache_max_size"] == []
