"""docs/tracing.md against the library: its programs run, its variables are those that are read, its names exist."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from infra.library import copy
from tests.test_docs import ROOT

PAGE = (ROOT / "docs" / "tracing.md").read_text(encoding="utf-8")
LIBRARY = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib" / "tracing").rglob("*.py"))
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "shop-orders", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}

# What a program of the page is called with, after it was imported; the last line tells what came of it.
CALL = """
import json, sys

class Context:
    aws_request_id, function_name = "6f7c2d1e-0000-4000-8000-000000000000", "shop-orders"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:shop-orders"
    memory_limit_in_mb, log_stream_name, client_context = "128", "a stream", None
    def get_remaining_time_in_millis(self): return 3000

program = {}
exec(compile(sys.stdin.read(), "tracing.md", "exec"), program)
record = {
    "messageId": "m", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
    "body": "no JSON", "attributes": {}, "messageAttributes": {},
}
request = {
    "httpMethod": "GET", "resource": "/orders/{number}", "path": "/orders/7", "headers": {}, "multiValueHeaders": {},
    "pathParameters": {"number": "7"}, "stageVariables": None, "body": None, "isBase64Encoded": False,
    "queryStringParameters": None, "multiValueQueryStringParameters": None,
    "requestContext": {"httpMethod": "GET", "resourcePath": "/orders/{number}", "identity": {}, "requestId": "r"},
}
called = program.get("handler") or program["app"]
print(json.dumps(called(request if "app" in program else {"headers": {}, "Records": [record]}, Context())))
"""


def shown(language):
    """Every block of the page in that language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    copy(folder)
    return folder


def run(program, library):
    """What a program of the page prints when it is called as Lambda would."""
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-W", "error", "-c", CALL],
        input=program,
        capture_output=True,
        text=True,
        check=False,
        env=LAMBDA | {"PYTHONPATH": str(library)},
        cwd=library,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("program", [each for each in shown("python") if "spanfold" in each])
def test_every_program_runs_and_leaves_spans_in_the_log(program, library):
    printed = run(program, library)
    lines = [json.loads(line) for line in printed if line.startswith('{"__spanfold"')]
    assert "spans" in {line["kind"] for line in lines}
    assert not any("spanfold.error" in line for line in printed)


def test_what_the_programs_answer_is_what_their_handlers_say(library):
    answers = {json.dumps(json.loads(run(program, library)[-1])) for program in shown("python") if "@traced" in program}
    assert '{"batchItemFailures": [{"itemIdentifier": "m"}]}' in answers
    assert '{"total": 5, "customer": ""}' in answers


def test_the_program_of_the_other_sdk_can_be_compiled():
    [program] = [each for each in shown("python") if "spanfold" not in each]
    compile(program, "tracing.md", "exec")


def test_templates_and_definitions_can_be_read():
    assert all(yaml.safe_load(text) for text in shown("yaml"))
    assert all(json.loads(text) for text in shown("json"))


@pytest.mark.parametrize("script", shown("sh"))
def test_commands_are_commands(script):
    done = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False)  # noqa: S607
    assert done.stderr == ""


def test_every_variable_that_the_library_reads_is_documented_and_no_other():
    read = set(re.findall(r'"((?:SPANFOLD|OTEL)_\w+)"', LIBRARY))
    told = set(re.findall(r"`((?:SPANFOLD|OTEL)_\w+)[`=]", PAGE))
    assert read == told


def test_the_filter_pattern_of_the_page_is_that_of_the_example():
    template = (ROOT / "examples" / "workflow" / "template.yaml").read_text(encoding="utf-8")
    [pattern] = re.findall(r"FilterPattern: ('.*')", PAGE)
    assert pattern in template


def test_every_name_of_the_package_is_told():
    from chalicelib import tracing  # noqa: PLC0415

    names = set(tracing.__all__) - {"VERSION", "tracer"}
    assert {name for name in names if not re.search(rf"\b{name}\b", PAGE)} == set()
