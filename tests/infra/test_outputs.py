"""describe-stacks in, .chalice/config.json out."""

import io
import json

import pytest

from infra.outputs import WrongStack, main, outputs_of, with_outputs
from tests.infra.conftest import OUTPUTS
from tests.infra.templates import ROOT, template

CONFIG = {
    "version": "2.0",
    "stages": {"dev": {"environment_variables": {"SPANFOLD_RETENTION_DAYS": "3"}}, "prod": {"tags": {}}},
}


def described(outputs):
    pairs = [{"OutputKey": key, "OutputValue": text} for key, text in outputs.items()]
    return {"Stacks": [{"StackName": "spanfold-dev-tables", "Outputs": pairs}]}


def test_a_stage_gets_its_names_and_addresses_and_keeps_everything_else():
    assert with_outputs(CONFIG, "dev", OUTPUTS) == {
        "version": "2.0",
        "stages": {
            "dev": {
                "environment_variables": {
                    "SPANFOLD_RETENTION_DAYS": "3",
                    "SPANFOLD_FACTS_TABLE": "spanfold-dev-facts",
                    "SPANFOLD_VIEWS_TABLE": "spanfold-dev-views",
                    "SPANFOLD_CONTROL_TABLE": "spanfold-dev-control",
                    "SPANFOLD_FACTS_STREAM_ARN": OUTPUTS["FactsStreamArn"],
                    "SPANFOLD_WORK_QUEUE_URL": OUTPUTS["WorkQueueUrl"],
                }
            },
            "prod": {"tags": {}},
        },
    }


def test_the_template_puts_out_everything_that_is_read():
    names = set(template(ROOT / "infra" / "tables.yaml")["Outputs"])
    assert with_outputs(CONFIG, "dev", dict.fromkeys(names, "dev"))


@pytest.mark.parametrize(
    ("stage", "outputs", "reason"),
    [
        ("prod", OUTPUTS, "outputs of stage 'dev', not of 'prod'"),
        ("test", OUTPUTS, "stage 'test' is not in"),
        (
            "dev",
            {"Stage": "dev", "FactsTableName": "a"},
            "no output ControlTableName, FactsStreamArn, ViewsTableName, WorkQueueUrl",
        ),
    ],
)
def test_another_stacks_outputs_are_refused(stage, outputs, reason):
    with pytest.raises(WrongStack, match=reason):
        with_outputs(CONFIG, stage, outputs)


def test_two_stacks_are_not_guessed_between():
    with pytest.raises(WrongStack, match="2 stacks"):
        outputs_of({"Stacks": [{}, {}]})


def test_the_command_rewrites_the_file_as_people_keep_it(tmp_path):
    path = tmp_path / "config.json"
    committed = (ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    path.write_text(committed, encoding="utf-8")
    assert main(["--stage", "dev"], io.StringIO(json.dumps(described(OUTPUTS))), path) == 0
    written = json.loads(path.read_text(encoding="utf-8"))
    for unknown_before in ("SPANFOLD_FACTS_STREAM_ARN", "SPANFOLD_WORK_QUEUE_URL"):
        assert written["stages"]["dev"]["environment_variables"].pop(unknown_before)
    assert json.dumps(written, indent=2) + "\n" == committed


def test_the_command_says_in_one_line_what_is_wrong_and_leaves_the_file(tmp_path, capsys):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    assert main(["--stage", "prod"], io.StringIO(json.dumps(described(OUTPUTS))), path) == 1
    assert capsys.readouterr().err == "infra.outputs: these are the outputs of stage 'dev', not of 'prod'\n"
    assert json.loads(path.read_text(encoding="utf-8")) == CONFIG


def test_nothing_on_standard_input_is_one_line_that_says_where_to_look(tmp_path, capsys):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"stages": {"dev": {}}}), encoding="utf-8")
    assert main(["--stage", "dev"], io.StringIO(""), path) == 1
    said = capsys.readouterr().err
    assert said.startswith("infra.outputs: not what describe-stacks prints")
    assert said.count("\n") == 1
