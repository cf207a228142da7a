import pytest

from chalicelib.propagation import b3, b3_multi, composite
from chalicelib.tracing.config import Config


def test_in_lambda_lines_are_written_and_elsewhere_nothing_leaves_unless_an_endpoint_is_named():
    assert Config({"AWS_LAMBDA_FUNCTION_NAME": "orders"}).exporter == "stdout"
    assert Config({}).exporter == "none"
    assert Config({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x"}).exporter == "http"
    assert Config({"SPANFOLD_EXPORTER": "SQS"}).exporter == "sqs"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "unknown_service:python"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f"}, "f"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f", "OTEL_RESOURCE_ATTRIBUTES": "service.name=r"}, "r"),
        ({"OTEL_SERVICE_NAME": "s", "OTEL_RESOURCE_ATTRIBUTES": "service.name=r"}, "s"),
    ],
)
def test_the_services_name_is_the_most_explicit_one(environ, name):
    assert Config(environ).service_name == name


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, "http://localhost:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://x/base/"}, "https://x/base/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://x/base"}, "https://x/base"),
    ],
)
def test_the_general_endpoint_is_a_base_and_the_traces_own_is_whole(environ, endpoint):
    assert Config(environ).endpoint == endpoint


def test_headers_and_resource_attributes_are_percent_decoded():
    config = Config({"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20a%3Db, x = 1"})
    assert config.headers == (("authorization", "Bearer a=b"), ("x", "1"))


def test_what_cannot_be_read_counts_as_not_set_and_is_told():
    config = Config(
        {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "often",
            "SPANFOLD_EXPORTER": "carrier-pigeon",
            "OTEL_SDK_DISABLED": "perhaps",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "-1",
            "OTEL_RESOURCE_ATTRIBUTES": "team",
        }
    )
    assert (config.ratio, config.exporter, config.is_disabled, config.limits.events) == (1.0, "none", False, 128)
    assert len(config.problems) == 5
    assert "OTEL_TRACES_SAMPLER_ARG='often' is not understood" in config.problems


def test_a_spans_own_limit_beats_the_general_one():
    limits = Config({"OTEL_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "7"}).limits
    assert (limits.attributes, limits.item_attributes) == (7, 5)


@pytest.mark.parametrize(
    ("text", "formats"), [("", composite.SENT), ("none", ()), ("b3,b3multi,unheard-of", (b3, b3_multi))]
)
def test_propagators_name_what_is_written(text, formats):
    assert Config({"OTEL_PROPAGATORS": text}).propagators == formats


def test_a_network_needs_more_time_before_the_end_than_a_line():
    assert (
        Config({"SPANFOLD_EXPORTER": "stdout"}).timeout_margin_ns
        < Config({"SPANFOLD_EXPORTER": "http"}).timeout_margin_ns
    )
    assert Config({"SPANFOLD_TIMEOUT_MARGIN_MS": "0"}).timeout_margin_ns == 0


def test_injection_is_opted_into_and_out_of():
    assert Config({"SPANFOLD_INJECT": "Kinesis, -eventbridge-detail"}).inject == {"kinesis", "-eventbridge-detail"}
