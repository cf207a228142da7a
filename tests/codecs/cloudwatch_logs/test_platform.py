"""Lines as Lambda writes them: from its Developer Guide, and from logs that people published."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.codecs.cloudwatch_logs.platform import find_verdict

ID = "8a1c6f2e-0000-4000-8000-000000000001"
FIGURES = "Duration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t"
XRAY = "\nXRAY TraceId: 1-6ac7d556-032906e375c910cf42cb849e\tSegmentId: 90cbc97f4ee64a7f\tSampled: true\t"


def event(kind: str, status: str, **record: Any) -> str:
    inner = {"requestId": ID, "status": status, **record}
    return json.dumps({"time": "2026-01-01T12:00:03.000Z", "type": kind, "record": inner})


METRICS = {"durationMs": 3000.0, "billedDurationMs": 3000, "memorySizeMB": 128, "maxMemoryUsedMB": 64}

DEATHS = {
    f"REPORT RequestId: {ID}\t{FIGURES}Status: timeout\n": ("timeout", "timed out after 3000.0 ms"),
    f"REPORT RequestId: {ID}\t{FIGURES}{XRAY}Status: timeout\n": ("timeout", "timed out after 3000.0 ms"),
    f"REPORT RequestId: {ID}\t{FIGURES}Status: error\tError Type: Runtime.OutOfMemory{XRAY}": (
        "out_of_memory",
        "Runtime.OutOfMemory",
    ),
    f"REPORT RequestId: {ID}\t{FIGURES}Status: error\tError Type: Runtime.ExitError\n": ("exit", "Runtime.ExitError"),
    f"REPORT RequestId: {ID}\t{FIGURES.replace('64', '128')}Status: error\tError Type: Runtime.ExitError\n": (
        "out_of_memory",
        "Runtime.ExitError",
    ),
    f"REPORT RequestId: {ID}\t{FIGURES}Status: error\tError Type: Extension.Crash\n": (
        "Extension.Crash",
        "Extension.Crash",
    ),
    f"2026-01-01T12:00:03.001Z {ID} Task timed out after 3.00 seconds\n\n": (
        "timeout",
        "Task timed out after 3.00 seconds",
    ),
    f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n": (
        "out_of_memory",
        "Runtime exited with error: signal: killed",
    ),
    f"RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n": (
        "exit",
        "Runtime exited with error: exit status 1",
    ),
    f"RequestId: {ID} Error: Runtime exited without providing a reason\nRuntime.ExitError\n": (
        "exit",
        "Runtime exited without providing a reason",
    ),
    f"RequestId: {ID} Process exited before completing request\n\n": (
        "exit",
        "Process exited before completing request",
    ),
    event("platform.runtimeDone", "timeout", metrics={"durationMs": 3001.1}): ("timeout", "timed out"),
    event("platform.report", "timeout", metrics=METRICS): ("timeout", "timed out after 3000.0 ms"),
    event("platform.report", "error", errorType="Runtime.ExitError", metrics=METRICS): ("exit", "Runtime.ExitError"),
    event("platform.report", "error"): ("exit", "the runtime exited"),
    json.dumps({"timestamp": "2026-01-01T12:00:03Z", "message": f"2026… {ID} Task timed out after 3.00 seconds"}): (
        "timeout",
        "Task timed out after 3.00 seconds",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("message", "death"), DEATHS.items())
def test_a_death_is_told_from_every_form_of_line(message, death):
    verdict = find_verdict(message, 1_767_268_803_000)
    assert verdict is not None
    assert (verdict.request_id, verdict.time_ms) == (ID, 1_767_268_803_000)
    assert (verdict.error_type, verdict.reason) == death


LIVING = (
    f"REPORT RequestId: {ID}\t{FIGURES}Init Duration: 250.12 ms\t\n",
    event("platform.report", "success", metrics=METRICS),
    event("platform.report", "failure", metrics=METRICS),  # the handler's own exception
    event("platform.runtimeDone", "success"),
)


@pytest.mark.parametrize("message", LIVING)
def test_an_invocation_that_came_back_is_no_death(message):
    verdict = find_verdict(message, 0)
    assert verdict is not None
    assert (verdict.request_id, verdict.error_type) == (ID, "")


def test_the_figures_of_a_report_are_the_same_from_text_and_json():
    text = find_verdict(f"REPORT RequestId: {ID}\t{FIGURES}Init Duration: 250.5 ms\tStatus: timeout", 0)
    parsed = find_verdict(event("platform.report", "timeout", metrics=METRICS | {"initDurationMs": 250.5}), 0)
    assert text is not None
    assert text.figures == {
        "aws.lambda.duration_ms": 3000.0,
        "aws.lambda.billed_duration_ms": 3000,
        "aws.lambda.memory_size_mb": 128,
        "aws.lambda.max_memory_used_mb": 64,
        "aws.lambda.init_duration_ms": 250.5,
    }
    assert text == parsed


OTHERS = (
    f"START RequestId: {ID} Version: $LATEST\n",
    f"END RequestId: {ID}\n",
    "INIT_START Runtime Version: python:3.12.v91\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:c4\n",
    "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n",
    event("platform.start", ""),
    json.dumps({"type": "platform.initReport", "record": {"phase": "invoke", "status": "error"}}),
    json.dumps({"type": "platform.report", "record": {"status": "timeout"}}),
    json.dumps({"type": "platform.report", "record": ["timeout"]}),
    json.dumps({"type": "platform.report", "record": {"requestId": ID, "status": "timeout"}}) + "x" * 5000,
    '{"type":"platform.report","record":',
    "the order's Task timed out after a while, RequestId: none",
    f"see REPORT RequestId: {ID}",
    "[" * 4000 + '"platform.',
    "",
)


@pytest.mark.parametrize("message", OTHERS)
def test_everything_else_in_a_log_says_nothing_of_an_invocation(message):
    assert find_verdict(message, 0) is None


def test_half_of_a_surrogate_pair_can_be_stored_all_the_same():
    verdict = find_verdict(f"RequestId: \ud800{ID} Error: Runtime exited \udfff", 0)
    assert verdict is not None
    assert (verdict.request_id, verdict.reason) == (f"?{ID}", "Runtime exited ?")


PIECES = st.sampled_from([
    "REPORT RequestId: ", "RequestId: ", ID, "\t", " ", "\n", "Status: timeout", "Duration: ", "..", "1e9 ms", " ms",
    " Task timed out after ", "9", " seconds", "Error: Runtime exited", '{"type":', '"platform.report"', ",",
    '"record":', "{", "}", '"requestId":', '"x"', '"metrics":', "NaN", "\ud800",
])  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_no_line_is_too_strange_to_be_looked_at(message):
    verdict = find_verdict(message, 0)
    assert verdict is None or verdict.request_id is not None
