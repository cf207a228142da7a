"""What `make library` makes, and that it runs where there is nothing but Python."""

import os
import subprocess
import sys
import venv
from zipfile import ZipFile

import pytest

from chalicelib.codecs.function_lines.line import Spans, Start
from chalicelib.codecs.function_lines.reading import read
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.span import Kind
from chalicelib.tracing.version import VERSION
from infra.library import LibraryError, build, build_wheel, copy
from tests.tracing.lambda_world import ACCOUNT, ENVIRONMENT, QUEUE_ARN, TRACE, traceparent

# What a function needs not have, and what nothing here may pull in.
ABSENT = (
    "boto3", "botocore", "chalice", "chalicelib", "google", "httpx", "msgspec", "opentelemetry", "pynamodb", "requests",
    "urllib3", "zstandard",
)  # fmt: skip
FORBID = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ImportError(f"{{name}} is not here")
sys.meta_path.insert(0, Absent())
sys.path.insert(0, sys.argv[1])
"""

HANDLE_A_BATCH = (
    FORBID
    + f"""
from spanfold import baggage, inject, records, span, traced

class Context:
    aws_request_id, function_name, function_version = "request-1", "orders", "7"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"
    client_context = None
    def get_remaining_time_in_millis(self):
        return 3000

@traced
def handler(event, context):
    for record in records(event):
        with span("charge", amount=12.0) as charge:
            assert inject()["traceparent"].split("-")[2] == charge.span_id
    return {{"batchItemFailures": []}}

handler({{"Records": [{{
    "messageId": "message-1", "body": "{{}}", "eventSource": "aws:sqs", "eventSourceARN": "{QUEUE_ARN}",
    "attributes": {{"SentTimestamp": "1767268799500"}},
    "messageAttributes": {{"traceparent": {{"stringValue": "{traceparent()}", "dataType": "String"}}}},
}}]}}, Context())
assert not set(sys.modules) & set({ABSENT!r})
"""
)

# Modules that cost a cold start milliseconds each; what needs one imports it when it is needed.
DEAR = (
    "asyncio", "dataclasses", "datetime", "hashlib", "http", "inspect", "logging", "random", "socket", "ssl",
    "threading", "traceback", "typing", "urllib", "uuid",
)  # fmt: skip
IMPORT = (
    FORBID
    + f"""
from spanfold import extract, inject, records, span, traced

@traced
def handler(event, context):
    return None

print(*sorted(set(sys.modules) & set({DEAR!r})))
"""
)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    directory = tmp_path_factory.mktemp("copy")
    copy(directory)
    return directory


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("build"))


def python(*arguments, executable=sys.executable, **environ):
    """What an interpreter without site-packages and without our paths writes; it has to end well."""
    run = subprocess.run(  # noqa: S603  # our words
        [executable, "-I", *arguments],
        env={**os.environ, **ENVIRONMENT, **environ},
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout


def test_a_copy_records_where_nothing_but_python_is_and_the_backend_reads_its_lines(copied):
    start, *lines = (read(line) for line in python("-S", "-c", HANDLE_A_BATCH, str(copied)).splitlines())
    assert isinstance(start, Start)
    assert start.span.name == "orders"
    assert all(isinstance(line, Spans) and line.request_id == "request-1" for line in lines)
    assert lines[-1].is_last
    spans = {span.name: span for line in lines for span in to_spans(line.decoded.message)}
    assert {span.trace_id for span in spans.values()} == {TRACE}
    assert spans["orders"].kind == Kind.SERVER
    assert spans["orders"].resource.service_name == "orders"
    assert spans["charge"].parent_id == spans["record paid"].span_id
    assert spans["record paid"].parent_id == spans["process paid"].span_id
    assert spans["process paid"].parent_id == spans["orders"].span_id
    assert dict(spans["charge"].attributes)["amount"] == 12.0
    assert "init orders" in spans


def test_importing_it_imports_nothing_dear(copied):
    assert python("-S", "-c", IMPORT, str(copied)).split() == []


def test_every_public_name_is_there(copied):
    code = FORBID + "import spanfold; print(*(name for name in spanfold.__all__ if name != 'instrument'))"
    names = python("-S", "-c", code, str(copied)).split()
    code = (
        FORBID + f"from spanfold import {', '.join(names)}; print(VERSION, type(traced).__name__, type(span).__name__)"
    )
    assert python("-S", "-c", code, str(copied)).split() == [VERSION, "function", "function"]
    code = FORBID + "import spanfold\ntry: spanfold.nothing\nexcept AttributeError as error: print(error)"
    assert "nothing" in python("-S", "-c", code, str(copied))


def test_a_handler_can_be_named_instead_of_wrapped(copied, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.py").write_text("def handle(event, context): return {'paid': event}\n", encoding="utf-8")
    code = (
        FORBID + f"sys.path.insert(0, {str(tmp_path)!r})\nfrom spanfold.handler import handler; print(handler(1, None))"
    )
    *lines, answer = python("-S", "-c", FORBID + code, str(copied), SPANFOLD_HANDLER="shop/app.handle").splitlines()
    assert answer == "{'paid': 1}"
    assert [span.name for line in lines[1:] for span in to_spans(read(line).decoded.message)][-1:] == ["orders"]


def test_the_wheel_installs_without_a_network_and_runs(built, tmp_path):
    wheel, _ = built
    venv.create(tmp_path / "empty", with_pip=False, symlinks=True)
    executable = str(tmp_path / "empty" / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", executable, "install", "--no-index", "--quiet", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)  # noqa: S603  # our words
    code = "from spanfold import traced; import spanfold; print(spanfold.__file__); traced(print)('called', None)"
    where, *lines = python("-c", code, executable=executable).splitlines()
    assert where.startswith(str(tmp_path))
    assert "called None" in lines


def test_the_wheel_is_typed_needs_nothing_and_says_whose_it_is(built):
    with ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(f"spanfold-{VERSION}.dist-info/METADATA").decode()
        tags = wheel.read(f"spanfold-{VERSION}.dist-info/WHEEL").decode()
    assert {"spanfold/py.typed", "spanfold/__init__.py", "spanfold/tracing/exporters/lines.py"} <= names
    assert {f"spanfold-{VERSION}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= names
    assert "Requires-Dist" not in metadata
    assert "License-Expression: Apache-2.0" in metadata
    assert "Tag: py3-none-any" in tags
    assert {name.split("/")[0] for name in names} == {"spanfold", f"spanfold-{VERSION}.dist-info"}


def test_the_layer_lies_where_lambda_looks_and_has_byte_code(built, tmp_path):
    with ZipFile(built[1]) as layer:
        layer.extractall(tmp_path)
        names = layer.namelist()
    sources = [name for name in names if name.endswith(".py")]
    assert all(name.startswith("python/spanfold/") for name in names)
    assert len([name for name in names if name.endswith(".pyc")]) == len(sources)
    code = FORBID + "import sys, spanfold; print(sys.modules['spanfold.tracing.tracer'].__cached__)"
    assert python("-S", "-c", code, str(tmp_path / "python")).strip().endswith(".pyc")


def test_the_same_sources_give_the_same_bytes(built, tmp_path):
    again = build(tmp_path)
    assert [path.read_bytes() for path in built] == [path.read_bytes() for path in again]


def test_a_wheel_that_cannot_be_built_says_why(tmp_path):
    (tmp_path / "spanfold").mkdir()
    (tmp_path / "spanfold" / "__init__.py").write_text("", encoding="utf-8")
    with pytest.raises(LibraryError, match="not-a-directory"):
        build_wheel(tmp_path, tmp_path / "pyproject.toml" / "not-a-directory")
