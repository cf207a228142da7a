"""What each language's OpenTelemetry distribution puts on every span it sends: resource, scopes, attribute style.

Read off real exporters (tests/golden/otlp) and the instrumentation packages' own sources, autumn 2026. Older
releases write the HTTP and FaaS conventions of before 2023 (`http.method`, `faas.execution`), newer ones the stable
ones; both are in the field, so both are here.
"""

from dataclasses import dataclass, replace

CONDITION_FAILED = (
    "An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: "
    "The conditional request failed"
)
READ_TIMED_OUT = "HTTPSConnectionPool(host='{host}', port=443): Read timed out. (read timeout=3)"


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """One language's senders, at one release."""

    language: str
    version: str
    distro: tuple[tuple[str, str], ...]
    runtime_name: str
    runtime_version: str
    lambda_scope: tuple[str, str]
    aws_scope: tuple[str, str]
    http_scope: tuple[str, str]
    app_version: str
    stable_conventions: bool
    parent_flags_only: bool  # Python sends 0x100/0x300, the others add the sampled bit
    has_instance_id: bool
    exceptions: tuple[tuple[str, str], ...]
    frame: str  # one line of a stack trace; {module}, {function}, {line}


PYTHON = Sdk(
    language="python",
    version="1.45.2",
    distro=(),
    runtime_name="cpython",
    runtime_version="3.12.11",
    lambda_scope=("opentelemetry.instrumentation.aws_lambda", "0.66b2"),
    aws_scope=("opentelemetry.instrumentation.botocore", "0.66b2"),
    http_scope=("opentelemetry.instrumentation.urllib3", "0.66b2"),
    app_version="",
    stable_conventions=True,
    parent_flags_only=True,
    has_instance_id=True,
    exceptions=(
        ("ValueError", "{thing} {id} is not valid"),
        ("KeyError", "'{thing}'"),
        ("botocore.exceptions.ClientError", CONDITION_FAILED),
        (
            "urllib3.exceptions.ReadTimeoutError",
            "HTTPSConnectionPool(host='{host}', port=443): Read timed out. (read timeout=3)",
        ),
    ),
    frame='  File "/var/task/{module}.py", line {line}, in {function}\n    return {function}_once(event)\n',
)

PYTHON_OLD = Sdk(
    language="python",
    version="1.22.0",
    distro=(("telemetry.auto.version", "0.43b0"),),
    runtime_name="cpython",
    runtime_version="3.11.9",
    lambda_scope=("opentelemetry.instrumentation.aws_lambda", "0.43b0"),
    aws_scope=("opentelemetry.instrumentation.botocore", "0.43b0"),
    http_scope=("opentelemetry.instrumentation.requests", "0.43b0"),
    app_version="",
    stable_conventions=False,
    parent_flags_only=True,
    has_instance_id=False,
    exceptions=PYTHON.exceptions,
    frame=PYTHON.frame,
)

NODE = Sdk(
    language="nodejs",
    version="2.9.1",
    distro=(),
    runtime_name="nodejs",
    runtime_version="22.21.0",
    lambda_scope=("@opentelemetry/instrumentation-aws-lambda", "0.71.0"),
    aws_scope=("@opentelemetry/instrumentation-aws-sdk", "0.74.0"),
    http_scope=("@opentelemetry/instrumentation-http", "0.223.1"),
    app_version="1.0.0",
    stable_conventions=True,
    parent_flags_only=False,
    has_instance_id=False,
    exceptions=(
        ("TypeError", "Cannot read properties of undefined (reading '{thing}')"),
        ("Error", "{thing} {id} not found"),
        ("TimeoutError", "connect ETIMEDOUT {host}:443"),
        ("ConditionalCheckFailedException", "The conditional request failed"),
    ),
    frame="    at async {function} (/var/task/{module}.js:{line}:17)\n",
)

NODE_OLD = Sdk(
    language="nodejs",
    version="1.17.1",
    distro=(),
    runtime_name="nodejs",
    runtime_version="18.20.4",
    lambda_scope=("@opentelemetry/instrumentation-aws-lambda", "0.37.0"),
    aws_scope=("@opentelemetry/instrumentation-aws-sdk", "0.36.0"),
    http_scope=("@opentelemetry/instrumentation-http", "0.44.0"),
    app_version="1.0.0",
    stable_conventions=False,
    parent_flags_only=False,
    has_instance_id=False,
    exceptions=NODE.exceptions,
    frame=NODE.frame,
)

JAVA = Sdk(
    language="java",
    version="1.58.0",
    distro=(("telemetry.distro.name", "opentelemetry-java-instrumentation"), ("telemetry.distro.version", "2.24.0")),
    runtime_name="OpenJDK Runtime Environment",
    runtime_version="21.0.9+11-LTS",
    lambda_scope=("io.opentelemetry.aws-lambda-events-3.11", "2.24.0-alpha"),
    aws_scope=("io.opentelemetry.aws-sdk-2.2", "2.24.0-alpha"),
    http_scope=("io.opentelemetry.apache-httpclient-5.0", "2.24.0-alpha"),
    app_version="",
    stable_conventions=True,
    parent_flags_only=False,
    has_instance_id=True,
    exceptions=(
        ("java.lang.IllegalStateException", "{thing} {id} is in the wrong state"),
        ("java.lang.NullPointerException", 'Cannot invoke "{thing}.id()" because "{thing}" is null'),
        ("java.net.SocketTimeoutException", "Read timed out"),
    ),
    frame="\tat com.acme.{module}.{function}({module}.java:{line})\n",
)

DOTNET = Sdk(
    language="dotnet",
    version="1.14.0",
    distro=(),
    runtime_name=".NET",
    runtime_version="8.0.21",
    lambda_scope=("OpenTelemetry.Instrumentation.AWSLambda", "1.14.0"),
    aws_scope=("Amazon.AWS.AWSClientInstrumentation", "1.14.0"),
    http_scope=("System.Net.Http", ""),
    app_version="1.4.0",
    stable_conventions=True,
    parent_flags_only=False,
    has_instance_id=True,
    exceptions=(
        ("System.InvalidOperationException", "{thing} {id} cannot be changed any more"),
        ("System.Net.Http.HttpRequestException", "Response status code does not indicate success: 502 (Bad Gateway)."),
    ),
    frame="   at {module}.{function}(Request request) in /src/{module}.cs:line {line}\n",
)

GO = Sdk(
    language="go",
    version="1.39.0",
    distro=(),
    runtime_name="go",
    runtime_version="go1.25.4",
    lambda_scope=("go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda", "0.64.0"),
    aws_scope=("go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws", "0.64.0"),
    http_scope=("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.64.0"),
    app_version="",
    stable_conventions=True,
    parent_flags_only=False,
    has_instance_id=False,
    exceptions=(
        ("*errors.errorString", "{thing} {id}: not found"),
        ("*net.OpError", "dial tcp: lookup {host}: i/o timeout"),
    ),
    frame="{module}.{function}(...)\n\t/var/task/{module}.go:{line} +0x1d4\n",
)

# Seen in MEASURING only: a language, and releases, that the dictionary was not trained on.
RUBY = Sdk(
    language="ruby",
    version="1.10.0",
    distro=(),
    runtime_name="ruby",
    runtime_version="3.4.7",
    lambda_scope=("OpenTelemetry::Instrumentation::AwsLambda", "0.6.0"),
    aws_scope=("OpenTelemetry::Instrumentation::AwsSdk", "0.9.0"),
    http_scope=("OpenTelemetry::Instrumentation::Net::HTTP", "0.25.0"),
    app_version="",
    stable_conventions=False,
    parent_flags_only=False,
    has_instance_id=False,
    exceptions=(
        ("ActiveModel::ValidationError", "Validation failed: {thing} {id} has already been taken"),
        ("Net::ReadTimeout", "Net::ReadTimeout with #<TCPSocket:(closed)>"),
    ),
    frame="/var/task/{module}.rb:{line}:in 'Handler.{function}'\n",
)

DOTNET_LATER = replace(DOTNET, version="1.15.2", aws_scope=("Amazon.AWS.AWSClientInstrumentation", "1.15.0"))
GO_LATER = replace(
    GO,
    version="1.41.0",
    http_scope=("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.66.0"),
)
PYTHON_EARLIER = replace(
    PYTHON,
    version="1.38.0",
    lambda_scope=("opentelemetry.instrumentation.aws_lambda", "0.59b0"),
    aws_scope=("opentelemetry.instrumentation.botocore", "0.59b0"),
    http_scope=("opentelemetry.instrumentation.httpx", "0.59b0"),
)
