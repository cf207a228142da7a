from chalicelib.tracing import resource
from chalicelib.tracing.config import Config
from tests.tracing.lambda_world import ENVIRONMENT

RESTORED = {**ENVIRONMENT, "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[7]restored"}


def of(environ):
    return resource.of(environ, Config(environ))


def test_lambdas_environment_becomes_the_conventions_attributes():
    found = of(ENVIRONMENT)
    assert found.pop("telemetry.sdk.version")
    assert found == {
        "aws.log.group.names": ["/aws/lambda/orders"],
        "cloud.platform": "aws_lambda",
        "cloud.provider": "aws",
        "cloud.region": "eu-west-1",
        "faas.instance": "2026/01/01/[7]abc",
        "faas.max_memory": 268_435_456,
        "faas.name": "orders",
        "faas.version": "7",
        "service.name": "orders",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "spanfold",
    }


def test_elsewhere_there_is_no_cloud():
    assert set(of({})) == {"service.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"}


def test_what_the_user_says_wins():
    told = {"OTEL_RESOURCE_ATTRIBUTES": "cloud.region=moon,team=a%20b", "OTEL_SERVICE_NAME": "shop"}
    found = of({**ENVIRONMENT, **told})
    assert (found["cloud.region"], found["team"], found["service.name"]) == ("moon", "a b", "shop")


def test_a_memory_size_that_is_no_number_is_left_out():
    assert "faas.max_memory" not in of({**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "lots"})


def test_a_restored_sandbox_has_its_own_log_stream():
    config = Config(ENVIRONMENT)
    found = resource.restored(of(ENVIRONMENT), RESTORED, config)
    assert found["faas.instance"] == "2026/01/01/[7]restored"
    assert resource.restored(found, {}, config) is found


def test_an_instance_that_the_user_named_stays():
    environ = {**ENVIRONMENT, "OTEL_RESOURCE_ATTRIBUTES": "faas.instance=mine"}
    assert resource.restored(of(environ), RESTORED, Config(environ))["faas.instance"] == "mine"
