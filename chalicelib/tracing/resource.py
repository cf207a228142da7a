"""Who makes the spans: Lambda's environment as OpenTelemetry's resource attributes ("AWS Lambda", "FaaS", "Cloud").

The account and the function's ARN are only known in an invocation, so they are attributes of its span.
"""

from .version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .config import Config
    from .span import Value

_MIB = 1_048_576
_LAMBDA = (
    ("cloud.region", "AWS_REGION"),
    ("faas.name", "AWS_LAMBDA_FUNCTION_NAME"),
    ("faas.version", "AWS_LAMBDA_FUNCTION_VERSION"),
    ("faas.instance", "AWS_LAMBDA_LOG_STREAM_NAME"),
)


def of(environ: "Mapping[str, str]", config: "Config") -> "dict[str, Value]":
    """What the environment says, overlaid by OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME. Raises nothing."""
    found: dict[str, Value] = {
        "telemetry.sdk.name": "spanfold",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": VERSION,
    }
    if config.is_lambda:
        found.update(_of_lambda(environ))
    found.update(config.resource_attributes)
    found["service.name"] = config.service_name
    return found


def restored(
    attributes: "Mapping[str, Value]", environ: "Mapping[str, str]", config: "Config"
) -> "Mapping[str, Value]":
    """`attributes` in the sandbox of now: one restored from a snapshot (SnapStart) has a log stream of its own."""
    name, variable = _LAMBDA[-1]
    stream = environ.get(variable)
    if not stream or name in dict(config.resource_attributes):
        return attributes
    return {**attributes, name: stream}


def _of_lambda(environ: "Mapping[str, str]") -> "dict[str, Value]":
    found: dict[str, Value] = {"cloud.provider": "aws", "cloud.platform": "aws_lambda"}
    found.update({name: environ[variable] for name, variable in _LAMBDA if environ.get(variable)})
    memory = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if memory.isascii() and memory.isdigit():
        found["faas.max_memory"] = int(memory) * _MIB
    if group := environ.get("AWS_LAMBDA_LOG_GROUP_NAME"):
        found["aws.log.group.names"] = [group]
    return found
