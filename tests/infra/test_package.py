"""What `make package` makes, and that Lambda could run it."""

import json
import struct
import subprocess
import sys
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest

from infra.package import MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES, bundle_size, main
from tests.infra.templates import ROOT, cfn_lint, properties, template

OUR_MAX_ZIPPED_BYTES = 30_000_000  # far below Lambda's, so that growth is noticed; 24 MB at the first release
ELF_MACHINES = {0xB7: "arm64", 0x3E: "x86_64"}
NOT_FOR_LAMBDA = {"tests", "benchmarks", "examples", "infra", "moto", "pytest", "uvicorn", "hypothesis", "mypy", "pip"}

# One GET as API Gateway hands it to the function (REST API, Lambda proxy integration, payload version 1.0).
HEALTHZ = {
    "resource": "/healthz",
    "path": "/healthz",
    "httpMethod": "GET",
    "headers": {"Host": "abc.execute-api.eu-west-1.amazonaws.com"},
    "multiValueHeaders": {"Host": ["abc.execute-api.eu-west-1.amazonaws.com"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {
        "resourcePath": "/healthz",
        "httpMethod": "GET",
        "path": "/dev/healthz",
        "stage": "dev",
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "identity": {"sourceIp": "192.0.2.1"},
    },
    "body": None,
    "isBase64Encoded": False,
}

ASK_HEALTHZ = """
import importlib, json, sys
from app import app

for name in ("botocore.session", "google._upb._message", "msgspec", "pynamodb.models", "zstandard"):
    importlib.import_module(name)  # what the first post will want, compiled parts included

class Context:
    function_name = "spanfold-dev"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:spanfold-dev"
    memory_limit_in_mb = 1024
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    def get_remaining_time_in_millis(self):
        return 29_000

answer = app(json.load(sys.stdin), Context())
print(json.dumps({"answer": answer, "modules": {n: getattr(m, "__file__", None) for n, m in sys.modules.items()}}))
"""


@pytest.fixture(scope="session")
def bundle(deployed):
    with ZipFile(deployed / "deployment.zip") as archive:
        yield archive


@pytest.fixture
def sam(deployed):
    return template(deployed / "sam.yaml")


def test_cfn_lint_has_nothing_to_say_about_the_template(deployed):
    assert cfn_lint(deployed / "sam.yaml") == ""


def test_the_merged_template_keeps_what_chalice_wrote_and_adds_what_it_left_out(sam):
    function = properties(sam, "APIHandler")
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == f"python3.{sys.version_info.minor}"
    assert function["Environment"]["Variables"]["SPANFOLD_FACTS_TABLE"] == "spanfold-dev-facts"
    assert properties(sam, "APIHandlerLogs")["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties(sam, "RestAPI")["MethodSettings"][0]["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert "Access-Control-Allow-Origin" in str(properties(sam, "RestAPI")["GatewayResponses"]["DEFAULT_5XX"])


def test_the_alarms_look_at_the_api_that_chalice_names(sam):
    names = [d["Value"] for d in properties(sam, "ServerErrorsAlarm")["Dimensions"] if d["Name"] == "ApiName"]
    assert names == [properties(sam, "RestAPI")["DefinitionBody"]["info"]["title"]]


def test_the_function_holds_the_policy_of_its_stage_and_no_other(sam):
    policies = [p["PolicyDocument"] for p in properties(sam, "ApiHandlerRole")["Policies"]]
    assert policies == [json.loads((ROOT / ".chalice" / "policy-dev.json").read_text(encoding="utf-8"))]


def test_the_bundle_is_far_smaller_than_lambda_takes(deployed, capsys):
    size = bundle_size(deployed / "deployment.zip")
    with capsys.disabled():
        print(f" [bundle: {size}] ", end="")  # noqa: T201  # worth seeing in every build
    assert size.zipped_bytes <= OUR_MAX_ZIPPED_BYTES <= MAX_ZIPPED_BYTES
    assert size.unzipped_bytes <= MAX_UNZIPPED_BYTES


def test_every_binary_in_the_bundle_is_built_for_the_processor_it_will_run_on(bundle):
    machines = {}
    for name in bundle.namelist():
        if ".so" in PurePosixPath(name).suffixes:
            header = bundle.read(name)[:20]
            assert header[:4] == b"\x7fELF"
            machines[name] = ELF_MACHINES[struct.unpack_from("<H", header, 18)[0]]
    assert set(machines.values()) == {"arm64"}
    assert any(name.startswith("msgspec/") for name in machines)


def test_nothing_that_is_only_for_development_is_shipped(bundle):
    top_level = {PurePosixPath(name).parts[0] for name in bundle.namelist()}
    assert top_level & NOT_FOR_LAMBDA == set()
    assert {"app.py", "chalicelib", "chalice"} <= top_level


def test_every_file_of_ours_is_shipped_data_files_too(bundle):
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chalicelib").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert ours - set(bundle.namelist()) == set()
    assert any(name.endswith(".dict") for name in ours)


def test_a_stage_that_does_not_exist_is_one_line_and_nothing_is_built(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["--stage", "staging", str(tmp_path / "build")]) == 1
    assert capsys.readouterr().err == ".chalice/config.json: no stage 'staging'; there are dev, prod\n"
    assert not (tmp_path / "build").exists()


if sys.platform == "linux":  # the only system that loads Lambda's binaries

    def test_the_bundle_answers_with_nothing_else_on_the_path(runnable, tmp_path):
        with ZipFile(runnable / "deployment.zip") as archive:
            archive.extractall(tmp_path)
        completed = subprocess.run(  # noqa: S603  # our own words
            [sys.executable, "-S", "-E", "-W", "error", "-c", ASK_HEALTHZ],
            input=json.dumps(HEALTHZ),
            cwd=tmp_path,
            env={"AWS_DEFAULT_REGION": "eu-west-1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        printed = json.loads(completed.stdout.splitlines()[-1])
        assert printed["answer"]["statusCode"] == 200
        strangers = {file for file in printed["modules"].values() if file and "site-packages" in file}
        assert strangers == set()
