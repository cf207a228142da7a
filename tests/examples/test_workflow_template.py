"""The example's template and state machine: what would be deployed."""

import json
import re
from pathlib import Path

import pytest

from tests.infra.templates import ROOT, cfn_lint, template

WORKFLOW = ROOT / "examples" / "workflow"
FUNCTIONS = sorted(path.stem for path in (WORKFLOW / "functions").glob("*.py"))


@pytest.fixture(scope="module")
def declared():
    return template(WORKFLOW / "template.yaml")["Resources"]


def of_type(declared, kind):
    return {name: each.get("Properties", {}) for name, each in declared.items() if each["Type"] == kind}


def test_cfn_lint_has_nothing_to_say():
    assert cfn_lint(WORKFLOW / "template.yaml") == ""


def test_every_module_is_a_function_and_every_function_a_module(declared):
    handlers = [each["Handler"] for each in of_type(declared, "AWS::Serverless::Function").values()]
    assert sorted(handlers) == [f"{name}.handler" for name in FUNCTIONS]


def test_every_log_group_has_a_subscription(declared):
    subscribed = {each["LogGroupName"]["Ref"] for each in of_type(declared, "AWS::Logs::SubscriptionFilter").values()}
    assert subscribed == set(of_type(declared, "AWS::Logs::LogGroup"))


def test_every_state_hands_the_function_it_calls_its_context():
    states = json.loads((WORKFLOW / "shipping.asl.json").read_text(encoding="utf-8"))["States"]
    payloads = [state["Parameters"]["Payload"] for state in states.values() if state["Type"] == "Task"]
    assert payloads
    assert all(payload["_trace"].keys() == {"Execution.$", "State.$", "StateMachine.$"} for payload in payloads)


def test_every_state_is_led_to_and_leads_somewhere():
    definition = json.loads((WORKFLOW / "shipping.asl.json").read_text(encoding="utf-8"))
    states = definition["States"]
    choices = [choice["Next"] for state in states.values() for choice in state.get("Choices", ())]
    named = {each for state in states.values() for each in (state.get("Next"), state.get("Default")) if each}
    assert {definition["StartAt"], *named, *choices} == set(states)


def test_what_the_readme_points_to_is_there():
    targets = re.findall(r"\]\(([^)#]+)", (WORKFLOW / "README.md").read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (WORKFLOW / target).exists()] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_needs_nothing_but_boto3_and_the_library(name):
    source = Path(WORKFLOW / "functions" / f"{name}.py").read_text(encoding="utf-8")
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import", "from"))}
    assert imported <= {"boto3", "spanfold", "json", "os", "time", "uuid"}
