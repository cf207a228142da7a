"""What Chalice does not check: its config's keys, and who may do what."""

import inspect
import json
import re

import pytest
from chalice.config import Config

from infra.chalice_config import SETTABLE, find_problems, read_config
from tests.infra.templates import ROOT

STAGES = ("dev", "prod")
CONFIG = read_config(ROOT / ".chalice" / "config.json")
NOT_OURS_TO_SET = {
    "app_name", "chalice_app", "log_retention_in_days", "profile", "project_dir",
}  # fmt: skip

# What each function does with each table, and with what else there is. Nothing deletes, updates or scans.
API = "api_handler"
WRITE_AND_READ = {"dynamodb:BatchWriteItem", "dynamodb:Query"}
SEALING = {
    "dynamodb:*:*:table/spanfold-{stage}-facts": WRITE_AND_READ,
    "dynamodb:*:*:table/spanfold-{stage}-views": WRITE_AND_READ,
    "dynamodb:*:*:table/spanfold-{stage}-control": {"dynamodb:GetItem"},
}
RECEIVING = {
    "dynamodb:*:*:table/spanfold-{stage}-facts": {"dynamodb:BatchWriteItem"},
    "dynamodb:*:*:table/spanfold-{stage}-views": WRITE_AND_READ,
    "dynamodb:*:*:table/spanfold-{stage}-control": {"dynamodb:GetItem"},
}
RECEIVE_FAILURES = "sqs:*:*:spanfold-{stage}-*ReceiveFailures-*"
WORK_QUEUE = "sqs:*:*:spanfold-{stage}-work"
ALLOWED = {
    API: {
        "dynamodb:*:*:table/spanfold-{stage}-facts": WRITE_AND_READ,
        "dynamodb:*:*:table/spanfold-{stage}-views": {"dynamodb:Query"},
        "dynamodb:*:*:table/spanfold-{stage}-control": {"dynamodb:GetItem"},
    },
    "index_stream": {
        # Lambda follows the stream and hands on what fails with the function's role.
        "dynamodb:*:*:table/spanfold-{stage}-facts/stream/*": {
            "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
        },
        "sqs:*:*:spanfold-{stage}-*IndexFailures-*": {"sqs:SendMessage"},
        "dynamodb:*:*:table/spanfold-{stage}-facts": {"dynamodb:Query"},
        "dynamodb:*:*:table/spanfold-{stage}-views": WRITE_AND_READ,
        WORK_QUEUE: {"sqs:SendMessage"},
    },
    "seal": SEALING | {WORK_QUEUE: {"sqs:SendMessage"}},
    "work": SEALING | {
        WORK_QUEUE: {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"},
    },
    "receive_logs": RECEIVING | {RECEIVE_FAILURES: {"sqs:SendMessage"}},
    "receive_queue": RECEIVING | {
        "sqs:*:*:spanfold-{stage}-*SpanQueue-*": {
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        },
    },
    "receive_stream": RECEIVING | {
        RECEIVE_FAILURES: {"sqs:SendMessage"},
        "kinesis:*:*:stream/spanfold-{stage}-*": {
            "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
            "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams",
        },
    },
}  # fmt: skip
LOG_ACTIONS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}

every_stage = pytest.mark.parametrize("stage", STAGES)


every_function = pytest.mark.parametrize("function", ALLOWED)


def settings_of(stage, function):
    """As Chalice chains them: the function's, the stage's, the project's."""
    own = CONFIG["stages"][stage]
    return {**CONFIG, **own, **own["lambda_functions"].get(function, {})}


def statements(stage, function):
    policy = (ROOT / ".chalice" / settings_of(stage, function)["iam_policy_file"]).read_text(encoding="utf-8")
    return json.loads(policy)["Statement"]


def test_the_projects_config_has_no_problems():
    assert list(find_problems(CONFIG)) == []
    assert tuple(CONFIG["stages"]) == STAGES


def test_the_known_keys_are_those_that_this_chalice_looks_up():
    looked_up = re.findall(r"_chain_(?:lookup|merge)\(\s*'(\w+)'", inspect.getsource(Config))
    assert set(looked_up) - NOT_OURS_TO_SET == SETTABLE


@pytest.mark.parametrize(
    ("stage_settings", "complaint"),
    [
        ({"lambda_timout": 10}, "stages.dev.lambda_timout is not a key that Chalice reads"),
        ({"xray_tracing": True}, "stages.dev.xray_tracing is not a key that Chalice reads"),
        ({"log_retention_in_days": 7}, "stages.dev.log_retention_in_days breaks the template"),
        ({"autogen_policy": True}, "stages.dev: autogen_policy must be false"),
        (
            {"lambda_functions": {"seal": {"api_gateway_stage": "x"}}},
            "stages.dev.lambda_functions.seal.api_gateway_stage",
        ),
    ],
)
def test_a_setting_that_chalice_would_pass_over_in_silence_is_named(stage_settings, complaint):
    good = {"autogen_policy": False, "iam_policy_file": "policy-dev.json"}
    problems = list(find_problems({"version": "2.0", "stages": {"dev": {**good, **stage_settings}}}))
    assert len(problems) == 1
    assert problems[0].startswith(complaint)


def test_a_stage_without_a_policy_is_named():
    assert list(find_problems({"autogen_policy": False, "stages": {"dev": {}}})) == ["stages.dev: no iam_policy_file"]


@every_stage
@every_function
def test_a_function_may_do_what_it_needs_and_no_more(stage, function):
    granted = {}
    for statement in statements(stage, function):
        assert statement["Effect"] == "Allow"
        for arn in statement["Resource"]:
            granted.setdefault(arn, set()).update(statement["Action"])
    needed = {f"arn:aws:{arn.format(stage=stage)}": actions for arn, actions in ALLOWED[function].items()}
    logs = {
        f"arn:aws:logs:*:*:log-group:/aws/lambda/spanfold-{stage}{name}:*": LOG_ACTIONS
        for name in ("", "-*")  # `chalice deploy` and CloudFormation name functions differently
    }
    assert granted == needed | logs


@every_stage
def test_every_function_that_is_registered_has_settings_and_no_other(stage):
    from chalicelib.functions.registry import Functions  # noqa: PLC0415

    assert set(CONFIG["stages"][stage]["lambda_functions"]) == set(Functions._fields) == set(ALLOWED) - {API}


@every_stage
def test_a_stage_uses_the_tables_that_its_policy_and_its_stack_name(stage):
    variables = CONFIG["stages"][stage]["environment_variables"]
    names = {role: variables[f"SPANFOLD_{role.upper()}_TABLE"] for role in ("facts", "views", "control")}
    assert names == {role: f"spanfold-{stage}-{role}" for role in names}


@every_stage
def test_every_variable_of_a_stage_is_one_that_the_settings_read(stage):
    from chalicelib.settings import Settings, from_environment  # noqa: PLC0415

    variables = {
        name: text
        for name, text in CONFIG["stages"][stage]["environment_variables"].items()
        if name.startswith("SPANFOLD_")
    }
    for name in variables:
        assert name.removeprefix("SPANFOLD_").lower() in Settings.__dataclass_fields__
    assert from_environment(variables).facts_table == f"spanfold-{stage}-facts"


@every_stage
def test_the_api_ends_no_later_than_the_gateway_stops_listening(stage):
    assert settings_of(stage, API)["lambda_timeout"] <= 29


@every_stage
def test_a_tick_ends_before_the_next_one_begins(stage):
    assert settings_of(stage, "seal")["lambda_timeout"] < 60


@every_stage
@every_function
def test_a_function_has_the_memory_that_was_measured_to_do(stage, function):
    assert settings_of(stage, function)["lambda_memory_size"] >= 512
