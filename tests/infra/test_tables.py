"""infra/tables.yaml against the schema that the code writes and the local runner makes."""

import pytest

from infra.chalice_config import CONFIG, read_config
from tests.infra.templates import ROOT, cfn_lint, properties, resource, template

TABLES_YAML = ROOT / "infra" / "tables.yaml"
LOGICAL_IDS = {"facts": "FactsTable", "views": "ViewsTable", "control": "ControlTable"}

every_table = pytest.mark.parametrize("role", LOGICAL_IDS)


@pytest.fixture(scope="module")
def tables():
    return template(TABLES_YAML)


@pytest.fixture
def schemas():
    from chalicelib.storage.dynamodb import tables  # noqa: PLC0415  # the other tests here do not need it

    return tables


def test_cfn_lint_has_nothing_to_say():
    assert cfn_lint(TABLES_YAML) == ""


def test_there_is_a_table_for_every_role_and_no_other(tables, schemas):
    assert set(schemas.SCHEMAS) == set(LOGICAL_IDS)
    declared = {name for name, own in tables["Resources"].items() if own["Type"] == "AWS::DynamoDB::Table"}
    assert declared == set(LOGICAL_IDS.values())


@every_table
def test_keys_and_billing_are_those_of_the_code(tables, schemas, role):
    declared = properties(tables, LOGICAL_IDS[role])
    expected = schemas.table_properties(schemas.SCHEMAS[role])
    assert {name: declared[name] for name in expected} == expected


@every_table
def test_items_expire_by_the_attribute_that_the_code_writes(tables, schemas, role):
    attribute = schemas.SCHEMAS[role].ttl_attribute
    expected = {"AttributeName": attribute, "Enabled": True} if attribute else None
    assert properties(tables, LOGICAL_IDS[role]).get("TimeToLiveSpecification") == expected


@every_table
def test_the_stream_is_the_one_that_the_code_reads(tables, schemas, role):
    view = schemas.SCHEMAS[role].stream_view
    expected = {"StreamViewType": view} if view else None
    assert properties(tables, LOGICAL_IDS[role]).get("StreamSpecification") == expected


@every_table
def test_a_table_outlives_its_stack_and_can_be_restored(tables, role):
    assert resource(tables, LOGICAL_IDS[role])["DeletionPolicy"] == "Retain"
    assert resource(tables, LOGICAL_IDS[role])["UpdateReplacePolicy"] == "Retain"
    declared = properties(tables, LOGICAL_IDS[role])
    assert declared["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert declared["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert declared["SSESpecification"] == {"SSEEnabled": True}


@every_table
def test_a_table_is_named_after_its_stage_and_role(tables, role):
    assert properties(tables, LOGICAL_IDS[role])["TableName"] == {"Fn::Sub": f"spanfold-${{Stage}}-{role}"}


@every_table
def test_the_stack_puts_out_every_name(tables, role):
    assert tables["Outputs"][f"{LOGICAL_IDS[role]}Name"]["Value"] == {"Ref": LOGICAL_IDS[role]}


def test_work_that_fails_again_and_again_is_set_aside_and_tells_somebody(tables):
    queue = properties(tables, "WorkQueue")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": "WorkFailures.Arn"}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5  # Lambda's guide: fewer, and throttling alone sets aside
    assert properties(tables, "WorkFailures")["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    [dimension] = properties(tables, "WorkFailuresAlarm")["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": "WorkFailures.QueueName"}


def test_work_that_waits_longer_than_two_attempts_take_tells_somebody(tables):
    alarm = properties(tables, "WorkAgeAlarm")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": "WorkQueue.QueueName"}}]
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Threshold"] > 2 * properties(tables, "WorkQueue")["VisibilityTimeout"]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_message_is_hidden_for_six_times_as_long_as_the_function_may_work_on_it(tables, stage):
    timeout_s = read_config(ROOT / CONFIG)["stages"][stage]["lambda_functions"]["work"]["lambda_timeout"]
    assert properties(tables, "WorkQueue")["VisibilityTimeout"] >= 6 * timeout_s


def test_the_stack_puts_out_where_the_stream_and_the_queue_are(tables):
    assert tables["Outputs"]["FactsStreamArn"]["Value"] == {"Fn::GetAtt": "FactsTable.StreamArn"}
    assert tables["Outputs"]["WorkQueueUrl"]["Value"] == {"Ref": "WorkQueue"}
