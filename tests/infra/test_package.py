"""What `make package` makes, and that Lambda could run it."""

import json
import shutil
import struct
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest

from benchmarks.measures import handler
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING
from chalicelib.storage.dynamodb.stream import WRITES
from chalicelib.telemetry import NAMESPACE
from infra.bundle import SERVICES, is_wanted
from infra.outputs import with_outputs
from infra.package import (
    MAX_UNZIPPED_BYTES,
    MAX_ZIPPED_BYTES,
    OUR_RUNTIME,
    PackageError,
    bundle_size,
    check_requirements,
    check_runtime,
    find_unset,
    main,
    merge_template,
    rewrite,
)
from tests.infra.conftest import OUTPUTS
from tests.infra.templates import ROOT, cfn_lint, properties, template

OUR_MAX_ZIPPED_BYTES = 12_000_000  # far below Lambda's, so that growth is noticed; 9.1 MB at the first release
NOT_CALLED = {"logs", "kinesis"}  # services of the policy that Lambda itself uses
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

# Run in the unpacked bundle. The last entry of the path is ours, and has a DynamoDB without a network.
TAKE_A_POST = """
import importlib, json, sys
from app import app

for name in ("botocore.session", "google._upb._message", "msgspec", "pynamodb.models", "re2", "zstandard"):
    importlib.import_module(name)  # what posts and queries want, compiled parts included
for name in (
    "views.index", "views.seal", "views.work", "routes.native.search", "routes.tempo.search", "functions.receiving",
):
    importlib.import_module(f"chalicelib.{name}")  # what the other functions and later requests load

repository, healthz, post = json.load(sys.stdin)
sys.path.append(repository)
from benchmarks.measures import canned, handler

answers = [app(healthz, handler.Context()), handler.invoke(handler.import_app_for_writing(), post)]
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps({"answers": answers, "files": files}))
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


POLICIES = {
    "ApiHandlerRole": "policy-dev.json",
    "IndexStreamRole": "policy-dev-index-stream.json",
    "SealRole": "policy-dev-seal.json",
    "WorkRole": "policy-dev-work.json",
    "ReceiveLogsRole": "policy-dev-receive-logs.json",
    "ReceiveQueueRole": "policy-dev-receive-queue.json",
    "ReceiveStreamRole": "policy-dev-receive-stream.json",
}


def test_each_function_holds_its_own_policy_and_no_other(sam):
    roles = {name: own["Properties"] for name, own in sam["Resources"].items() if own["Type"] == "AWS::IAM::Role"}
    held = {name: [policy["PolicyDocument"] for policy in role["Policies"]] for name, role in roles.items()}
    assert held == {
        name: [json.loads((ROOT / ".chalice" / file).read_text(encoding="utf-8"))] for name, file in POLICIES.items()
    }


def functions_of(sam):
    return {name: own for name, own in sam["Resources"].items() if own["Type"] == "AWS::Serverless::Function"}


def test_the_functions_are_the_api_and_those_that_are_registered(sam):
    handlers = {name: own["Properties"]["Handler"] for name, own in functions_of(sam).items()}
    assert handlers == {
        "APIHandler": "app.app",
        "IndexStream": "app.index_stream",
        "Seal": "app.seal",
        "Work": "app.work",
        "ReceiveLogs": "app.receive_logs",
        "ReceiveQueue": "app.receive_queue",
        "ReceiveStream": "app.receive_stream",
    }


def test_every_handler_of_the_template_is_something_that_lambda_can_import_and_call(sam):
    import app  # noqa: PLC0415  # its settings are read at import

    for function in functions_of(sam).values():
        module, _, name = function["Properties"]["Handler"].partition(".")
        assert (module, callable(getattr(app, name))) == ("app", True)


def test_the_stream_is_followed_from_its_beginning_and_one_bad_batch_does_not_stop_it(sam):
    [source] = properties(sam, "IndexStream")["Events"].values()
    assert source["Type"] == "DynamoDB"
    followed = source["Properties"]
    assert followed["Stream"] == OUTPUTS["FactsStreamArn"]
    assert (followed["BatchSize"], followed["MaximumBatchingWindowInSeconds"]) == (1000, 5)
    assert (followed["ParallelizationFactor"], followed["StartingPosition"]) == (1, "TRIM_HORIZON")
    assert followed["BisectBatchOnFunctionError"] is True
    assert 0 < followed["MaximumRetryAttempts"] <= 10_000
    assert 3600 <= followed["MaximumRecordAgeInSeconds"] < 24 * 3600  # the stream itself forgets after a day
    given_up = {"Type": "SQS", "Destination": {"Fn::GetAtt": ["IndexFailures", "Arn"]}}
    assert followed["DestinationConfig"] == {"OnFailure": given_up}
    [wanted] = followed["FilterCriteria"]["Filters"]
    assert set(json.loads(wanted["Pattern"])["eventName"]) == WRITES


def test_the_queue_of_failures_can_be_reached_under_the_name_that_its_stack_gives_it(sam):
    """CloudFormation calls it <stack>-IndexFailures-<random>, and docs/deploy.md begins the stack's name."""
    [role] = properties(sam, "IndexStreamRole")["Policies"]
    arns = [arn for statement in role["PolicyDocument"]["Statement"] for arn in statement["Resource"]]
    [pattern] = [arn for arn in arns if "IndexFailures" in arn]
    for stack in ("spanfold-dev", "spanfold-dev-two"):
        assert fnmatchcase(f"arn:aws:sqs:eu-west-1:123456789012:{stack}-IndexFailures-1ABC", pattern)
    assert "QueueName" not in properties(sam, "IndexFailures")


def test_the_queue_hands_out_work_and_hears_which_of_it_failed(sam):
    [source] = properties(sam, "Work")["Events"].values()
    assert source["Type"] == "SQS"
    assert str(source["Properties"]["Queue"]).endswith(":spanfold-dev-work'}")
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_tick_comes_every_minute_and_is_not_repeated(sam):
    [source] = properties(sam, "Seal")["Events"].values()
    assert source == {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}}
    assert properties(sam, "Seal")["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_every_function_has_its_log_group_and_an_alarm_for_its_errors(sam):
    groups = [own["Properties"] for own in sam["Resources"].values() if own["Type"] == "AWS::Logs::LogGroup"]
    alarms = [own["Properties"] for own in sam["Resources"].values() if own["Type"] == "AWS::CloudWatch::Alarm"]
    for name in functions_of(sam):
        assert [group for group in groups if group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{{name}}}"}]
        watched = [alarm for alarm in alarms if {"Name": "FunctionName", "Value": {"Ref": name}} in alarm["Dimensions"]]
        assert "Errors" in {alarm["MetricName"] for alarm in watched}


RECEIVERS = {
    "HasLogsReceiver": {"ReceiveLogsPermission", "ReceiveLogsRetries", "ReceiveLogsErrorsAlarm"},
    "HasQueueReceiver": {
        "SpanQueue", "SpanQueueFailures", "ReceiveQueueMapping", "ReceiveQueueErrorsAlarm", "SpanQueueFailuresAlarm",
    },
    "HasStreamReceiver": {"ReceiveStreamMapping", "ReceiveStreamErrorsAlarm"},
    "HasReceiveFailures": {"ReceiveFailures", "ReceiveFailuresAlarm"},
}  # fmt: skip


def test_whoever_asks_for_no_receiver_has_nothing_of_it_that_costs_or_could_be_reached(sam):
    conditional = {}
    for name, own in sam["Resources"].items():
        conditional.setdefault(own.get("Condition"), set()).add(name)
    assert {condition: names for condition, names in conditional.items() if condition} == RECEIVERS
    defaults = {name: sam["Parameters"][name]["Default"] for name in ("LogsReceiver", "QueueReceiver")}
    assert defaults == {"LogsReceiver": "false", "QueueReceiver": "false"}
    assert sam["Parameters"]["StreamToReceive"]["Default"] == ""
    for name in ("ReceiveLogs", "ReceiveQueue", "ReceiveStream"):
        assert "Events" not in properties(sam, name)


def test_logs_of_this_account_alone_may_be_subscribed(sam):
    permission = properties(sam, "ReceiveLogsPermission")
    assert (permission["Principal"], permission["SourceAccount"]) == ("logs.amazonaws.com", {"Ref": "AWS::AccountId"})
    assert sam["Outputs"]["LogsReceiverArn"]["Value"] == {"Fn::GetAtt": ["ReceiveLogs", "Arn"]}


def test_messages_and_records_are_reported_one_by_one_and_what_is_given_up_is_kept(sam):
    queue, stream = properties(sam, "ReceiveQueueMapping"), properties(sam, "ReceiveStreamMapping")
    assert queue["FunctionResponseTypes"] == stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    given_up = {"OnFailure": {"Destination": {"Fn::GetAtt": ["ReceiveFailures", "Arn"]}}}
    assert stream["DestinationConfig"] == properties(sam, "ReceiveLogsRetries")["DestinationConfig"] == given_up
    assert properties(sam, "SpanQueue")["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert properties(sam, "SpanQueue")["VisibilityTimeout"] >= 6 * properties(sam, "ReceiveQueue")["Timeout"]
    assert properties(sam, "SpanQueueFailures")["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize(
    ("role", "queue"),
    [
        ("ReceiveLogsRole", "ReceiveFailures"),
        ("ReceiveStreamRole", "ReceiveFailures"),
        ("ReceiveQueueRole", "SpanQueue"),
    ],
)
def test_the_receivers_reach_their_queues_under_the_names_that_the_stack_gives_them(sam, role, queue):
    [policy] = properties(sam, role)["Policies"]
    arns = [arn for statement in policy["PolicyDocument"]["Statement"] for arn in statement["Resource"]]
    [pattern] = [arn for arn in arns if queue in arn]
    assert fnmatchcase(f"arn:aws:sqs:eu-west-1:123456789012:spanfold-dev-{queue}-1ABC", pattern)
    assert "QueueName" not in properties(sam, queue)


def test_an_alarm_tells_when_spans_cannot_be_found(sam):
    metrics = {properties(sam, name)["MetricName"] for name in ("IndexAgeAlarm", "DeadRecordsAlarm")}
    assert metrics == {"IteratorAge", "records_dead"}
    assert properties(sam, "DeadRecordsAlarm")["Namespace"] == NAMESPACE
    [dimension] = properties(sam, "IndexFailuresAlarm")["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["IndexFailures", "QueueName"]}


def test_an_alarm_tells_when_seals_fail_one_by_one_and_when_nobody_seals(sam):
    failing, standing = properties(sam, "SealFailuresAlarm"), properties(sam, "SealStandstillAlarm")
    assert (failing["Namespace"], failing["MetricName"]) == (NAMESPACE, "seals_failed")
    assert standing["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Seal"}}]
    assert (standing["ComparisonOperator"], standing["TreatMissingData"]) == ("LessThanThreshold", "breaching")


def test_a_stage_may_let_several_invocations_work_on_a_shard():
    merged = merge_template({"SPANFOLD_INDEX_PARALLELISM": "4"})
    assert "ParallelizationFactor: 4 " in merged
    assert "ParallelizationFactor: 1 " in merge_template({})
    with pytest.raises(PackageError, match="more than Lambda's 10"):
        merge_template({"SPANFOLD_INDEX_PARALLELISM": "11"})
    with pytest.raises(PackageError, match="'two' is not a whole number"):
        merge_template({"SPANFOLD_INDEX_PARALLELISM": "two"})


def test_a_stage_that_has_not_heard_of_its_tables_is_told_so():
    config = {"stages": {"dev": {"environment_variables": {"SPANFOLD_WORK_QUEUE_URL": "https://sqs.test/1/w"}}}}
    assert find_unset(config, "dev") == ["SPANFOLD_FACTS_STREAM_ARN"]
    assert find_unset(with_outputs(config, "dev", OUTPUTS), "dev") == []


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


def test_every_module_comes_with_byte_code_that_asks_for_no_date_of_its_source(bundle):
    sources = [name for name in bundle.namelist() if name.endswith(".py")]
    headers = {bundle.read(cache_from_source(name))[:8] for name in sources}
    assert headers == {MAGIC_NUMBER + bytes([0b01, 0, 0, 0])}
    assert {"app.py", "chalice/app.py", "botocore/client.py"} <= set(sources)


def test_what_is_packaged_twice_is_the_same_to_the_byte(deployed, tmp_path, monkeypatch):
    again = shutil.copy(deployed / "deployment.zip", tmp_path / "again.zip")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    rewrite(again)
    assert again.read_bytes() == (deployed / "deployment.zip").read_bytes()


def test_byte_code_that_lay_about_is_not_shipped_and_a_module_that_does_not_compile_is(tmp_path):
    bundle = tmp_path / "bundle.zip"
    with ZipFile(bundle, "w") as archive:
        archive.writestr("chalicelib/__pycache__/gone.cpython-311.pyc", b"stale")
        archive.writestr("fine.py", b"answer = 42")
        archive.writestr("template.py", b"{{ answer }} = ")
    rewrite(bundle)
    with ZipFile(bundle) as archive:
        assert archive.namelist() == [cache_from_source("fine.py"), "fine.py", "template.py"]


def test_byte_code_for_another_python_than_lambdas_is_not_shipped(tmp_path):
    template = tmp_path / "sam.yaml"
    template.write_text(f"Properties:\n  Runtime: {OUR_RUNTIME}\n")
    check_runtime(template)
    template.write_text("Properties:\n  Runtime: python2.7\n")
    with pytest.raises(PackageError, match=r"python2\.7"):
        check_runtime(template)


def test_a_bundle_that_lacks_a_requirement_is_not_shipped(deployed, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# what ships\nboto3==1.0.0\nSix==1.17.0\n")
    check_requirements(ROOT / "requirements.txt", deployed / "deployment.zip")
    with pytest.raises(PackageError, match=r"boto3==1\.0\.0$"):
        check_requirements(requirements, deployed / "deployment.zip")


def test_the_sdk_knows_the_services_that_the_policies_allow_and_no_others(bundle, sam):
    policies = [p["PolicyDocument"] for role in POLICIES for p in properties(sam, role)["Policies"]]
    statements = [statement for policy in policies for statement in policy["Statement"]]
    allowed = {action.partition(":")[0] for statement in statements for action in statement["Action"]}
    descriptions = [PurePosixPath(name) for name in bundle.namelist() if name.endswith("/service-2.json.gz")]
    described = {path.parts[2] for path in descriptions if path.parts[:2] == ("botocore", "data")}
    assert described == allowed - NOT_CALLED == SERVICES


def test_what_botocore_says_of_all_services_at_once_is_shipped():
    assert is_wanted("botocore/data/endpoints.json.gz")
    assert not is_wanted("botocore/data/s3/2006-03-01/service-2.json.gz")


if sys.platform == "linux":  # the only system that loads Lambda's binaries

    @pytest.fixture
    def unpacked(runnable, tmp_path):
        """The bundle, with an error in place of every source: what runs is the byte code, whatever the dates."""
        with ZipFile(runnable / "deployment.zip") as archive:
            archive.extractall(tmp_path)
        for source in tmp_path.rglob("*.py"):
            source.write_text(f"raise ImportError('{source.name} was compiled again')")
        return tmp_path

    def test_the_bundle_takes_a_post_with_nothing_else_on_the_path_and_compiles_nothing(unpacked):
        post = handler.post(ten_span_posts(MEASURING, 31, 1)[0].SerializeToString())
        completed = subprocess.run(  # noqa: S603  # our own words
            [sys.executable, "-S", "-E", "-B", "-W", "error", "-c", TAKE_A_POST],
            input=json.dumps([str(ROOT), HEALTHZ, post]),
            cwd=unpacked,
            env={"AWS_DEFAULT_REGION": "eu-west-1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert completed.returncode == 0, completed.stderr
        printed = json.loads(completed.stdout.splitlines()[-1])
        assert [answer["statusCode"] for answer in printed["answers"]] == [200, 200]
        strangers = {file for file in printed["files"].values() if file and "site-packages" in file}
        assert strangers == set()
