import json
import subprocess
import sys

import pytest

from chalicelib.telemetry import PowertoolsTelemetry


@pytest.fixture
def telemetry():
    return PowertoolsTelemetry()


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_counts_go_out_as_one_metric_line_per_request(telemetry, capsys):
    with telemetry.during("8a1c"):
        telemetry.count({"bytes_received": 900, "spans_received": 6})
        telemetry.count({"spans_received": 4, "spans_rejected": 0})
    [line] = lines(capsys)
    [metrics] = line["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == "Spanfold"
    assert {metric["Name"]: metric["Unit"] for metric in metrics["Metrics"]} == {
        "bytes_received": "Bytes",
        "spans_received": "Count",
    }
    assert line["spans_received"] == [10]


def test_a_request_without_counts_has_no_metric_line(telemetry, capsys):
    with telemetry.during("8a1c"):
        pass
    assert lines(capsys) == []


def test_counts_of_one_request_are_not_in_the_next(telemetry, capsys):
    with telemetry.during("1"):
        telemetry.count({"spans_received": 1})
    with telemetry.during("2"):
        telemetry.count({"spans_received": 2})
    assert [line["spans_received"] for line in lines(capsys)] == [[1], [2]]


SPEAK = """
from chalicelib.model.errors import StoreError
from chalicelib.telemetry import PowertoolsTelemetry
telemetry = PowertoolsTelemetry()
with telemetry.during("8a1c"):
    telemetry.note("spans were rejected", {"spans_rejected": 2})
    try:
        1 / 0
    except ZeroDivisionError as error:
        telemetry.failure("POST / failed", error)
    telemetry.warning("throttled", {"notes": ["ThrottlingException"]})
    try:
        try:
            raise OSError("not authorized to perform dynamodb:GetItem")
        except OSError as cause:
            refusal = StoreError("the store is not set up properly")
            refusal.add_note("look at the policy")
            raise refusal from cause
    except StoreError as error:
        secret = "an attribute's value"
        telemetry.failure("POST / failed at the store", error)
"""


@pytest.fixture(scope="module")
def spoken() -> list[dict]:
    """In a process of its own: powertools keeps the first standard output it saw."""
    ended = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)  # noqa: S603
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_note_is_one_json_line_with_the_request_it_belongs_to(spoken):
    line = spoken[0]
    assert (line["message"], line["spans_rejected"], line["level"]) == ("spans were rejected", 2, "INFO")
    assert line["correlation_id"] == "8a1c"


def test_a_warning_is_one_json_line(spoken):
    line = spoken[2]
    assert (line["message"], line["notes"], line["level"]) == ("throttled", ["ThrottlingException"], "WARNING")


def test_a_failure_shows_its_cause_and_its_notes_and_no_values(spoken):
    exception = spoken[3]["exception"]
    assert "OSError: not authorized to perform dynamodb:GetItem" in exception
    assert "StoreError: the store is not set up properly\nlook at the policy" in exception
    assert "attribute's value" not in json.dumps(spoken[3])


def test_a_failure_is_one_json_line_with_its_traceback(spoken):
    line = spoken[1]
    assert (line["message"], line["level"]) == ("POST / failed", "ERROR")
    assert line["exception_name"] == "ZeroDivisionError"
    assert "ZeroDivisionError: division by zero" in line["exception"]
