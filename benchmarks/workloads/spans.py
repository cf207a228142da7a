"""What one span of each sort says: name, kind and attributes, as the instrumentation packages write them.

Attribute sets follow the packages named in sdks.py, in both the stable and the older conventions. Ids that AWS
gives out are random here as they are there, also where that costs bytes: a DynamoDB request id is 52 random
characters, and no dictionary can help.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from string import ascii_uppercase, digits

from benchmarks.workloads.services import Operation, Service, Step, uuid

Value = str | bool | int | float | tuple[str, ...]
Attributes = dict[str, Value]

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A span but for its ids and times; `scope` is which of the SDK's scopes it belongs to."""

    name: str
    kind: int
    scope: str
    attributes: Attributes
    median_ms: float


def root(service: Service, operation: Operation, cold: bool, random: Random) -> Content:
    """The invocation's own span."""
    return TRIGGERS[operation.trigger](service, operation, cold, random)


def step(service: Service, planned: Step, about: dict[str, str], random: Random) -> Content:
    """The span of one step of an invocation that is about the things in `about`: attribute key -> their ids."""
    made = STEPS[planned.does](service, planned, random)
    if planned.does == "internal":
        made.attributes.update(_business(planned, about, random))
    return made


def resource(service: Service, log_stream: str, instance_id: str) -> Attributes:
    """The resource's attributes: what the Lambda detectors and the SDK find out."""
    sdk = service.sdk
    attributes: Attributes = {
        "telemetry.sdk.language": sdk.language,
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": sdk.version,
    }
    if sdk.has_instance_id:
        attributes["service.instance.id"] = instance_id
    attributes |= {
        "service.name": service.name,
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": service.region,
        "faas.name": service.function,
        "faas.version": service.version,
        "faas.instance": log_stream,
        "faas.max_memory": service.memory_mib * 1024 * 1024 if sdk.stable_conventions else service.memory_mib,
    }
    if sdk.language in ("nodejs", "java"):
        attributes["aws.log.group.names"] = (f"/aws/lambda/{service.function}",)
    if not sdk.has_instance_id:
        attributes["process.runtime.name"] = sdk.runtime_name
        attributes["process.runtime.version"] = sdk.runtime_version
    return attributes | dict(sdk.distro)


def init_span() -> Content:
    """The time a cold sandbox took to load the function, as a telemetry-API receiver or a small library reports it."""
    attributes: Attributes = {"faas.coldstart": True, "aws.lambda.init.type": "on-demand"}
    return Content(name="init", kind=INTERNAL, scope="lambda", attributes=attributes, median_ms=420)


def _invocation(service: Service, trigger: str, cold: bool, random: Random) -> Attributes:
    stable = service.sdk.stable_conventions
    arn = f"arn:aws:lambda:{service.region}:{service.account}:function:{service.function}"
    return {
        "faas.invocation_id" if stable else "faas.execution": uuid(random),
        "cloud.resource_id" if stable else "faas.id": arn,
        "faas.trigger": trigger,
        "faas.coldstart": cold,
        "cloud.account.id": service.account,
    }


def _http_root(service: Service, operation: Operation, cold: bool, random: Random) -> Content:
    method = {"get": "GET", "list": "GET", "track": "GET", "update": "PUT", "cancel": "DELETE"}.get(
        operation.verb, "POST"
    )
    code = random.choices((200, 201, 404, 400, 500), (80, 10, 5, 3, 2))[0]
    path = operation.source.replace("{", "").replace("}", "").replace("id", uuid(random)[:13])
    host = f"api.{service.domain}"
    agent = random.choice(service.user_agents)
    attributes = _invocation(service, "http", cold, random)
    if service.sdk.stable_conventions:
        attributes |= {
            "http.request.method": method, "http.route": operation.source, "url.path": path, "url.scheme": "https",
            "server.address": host, "user_agent.original": agent, "http.response.status_code": code,
            "client.address": _ip(random),
        }  # fmt: skip
    else:
        attributes |= {
            "http.method": method, "http.route": operation.source, "http.target": path, "http.scheme": "https",
            "net.host.name": host, "http.user_agent": agent, "http.status_code": code,
        }  # fmt: skip
    return Content(
        name=f"{method} {operation.source}", kind=SERVER, scope="lambda", attributes=attributes, median_ms=90
    )


def _sqs_root(service: Service, operation: Operation, cold: bool, random: Random) -> Content:
    attributes = _invocation(service, "pubsub", cold, random) | {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.destination.name": operation.source,
        "messaging.batch.message_count": random.randint(1, 10),
        "messaging.message.id": uuid(random),
    }
    return Content(
        name=f"{operation.source} process", kind=CONSUMER, scope="lambda", attributes=attributes, median_ms=160
    )


def _sns_root(service: Service, operation: Operation, cold: bool, random: Random) -> Content:
    attributes = _invocation(service, "pubsub", cold, random) | {
        "messaging.system": "aws.sns",
        "messaging.destination.name": operation.source,
        "messaging.message.id": uuid(random),
    }
    return Content(
        name=f"{operation.source} process", kind=CONSUMER, scope="lambda", attributes=attributes, median_ms=120
    )


def _eventbridge_root(service: Service, operation: Operation, cold: bool, random: Random) -> Content:
    attributes = _invocation(service, "pubsub", cold, random) | {
        "aws.eventbridge.source": f"{service.domain.split('.')[0]}.{operation.thing}",
        "aws.eventbridge.detail_type": f"{operation.thing.title()}{operation.verb.title()}",
        "messaging.message.id": uuid(random),
    }
    return Content(name=service.function, kind=SERVER, scope="lambda", attributes=attributes, median_ms=140)


def _timer_root(service: Service, _operation: Operation, cold: bool, random: Random) -> Content:
    attributes = _invocation(service, "timer", cold, random) | {
        "faas.cron": f"{random.choice((0, 15, 30))} {random.randint(0, 23)} * * ? *",
        "faas.time": f"2026-11-{random.randint(1, 28):02d}T{random.randint(0, 23):02d}:{random.randint(0, 59):02d}:00Z",
    }
    return Content(name=service.function, kind=SERVER, scope="lambda", attributes=attributes, median_ms=900)


def _aws_call(service: Service, api: str, method: str, request_id: str) -> Attributes:
    endpoint = {"S3": "s3", "DynamoDB": "dynamodb", "SQS": "sqs", "SNS": "sns"}.get(api, "")
    host = endpoint or {"EventBridge": "events", "Secrets Manager": "secretsmanager"}[api]
    attributes: Attributes = {"rpc.system": "aws-api", "rpc.service": api, "rpc.method": method}
    if service.sdk.stable_conventions:
        attributes |= {"aws.request_id": request_id, "cloud.region": service.region}
        attributes |= {"server.address": f"{host}.{service.region}.amazonaws.com", "server.port": 443}
        attributes |= {"http.response.status_code": 200}
    else:
        attributes |= {"aws.region": service.region, "aws.request_id": request_id, "retry_attempts": 0}
        attributes |= {"http.status_code": 200}
    return attributes


def _dynamodb(service: Service, planned: Step, random: Random) -> Content:
    request_id = "".join(random.choices(ascii_uppercase + digits, k=52))
    attributes = _aws_call(service, "DynamoDB", planned.method, request_id)
    if service.sdk.stable_conventions:
        attributes |= {"db.system.name": "aws.dynamodb", "db.operation.name": planned.method}
    else:
        attributes |= {"db.system": "dynamodb", "db.operation": planned.method, "db.name": planned.target}
    attributes["aws.dynamodb.table_names"] = (planned.target,)
    if planned.method == "Query":
        attributes |= {"aws.dynamodb.count": random.randint(0, 50), "aws.dynamodb.scanned_count": random.randint(0, 90)}
    return Content(name=f"DynamoDB.{planned.method}", kind=CLIENT, scope="aws", attributes=attributes, median_ms=6)


def _sqs(service: Service, planned: Step, random: Random) -> Content:
    url = f"https://sqs.{service.region}.amazonaws.com/{service.account}/{planned.target}"
    attributes = _aws_call(service, "SQS", "SendMessage", uuid(random)) | {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "send",
        "messaging.destination.name": planned.target,
        "aws.sqs.queue.url": url,
        "messaging.message.id": uuid(random),
    }
    return Content(name=f"{planned.target} send", kind=PRODUCER, scope="aws", attributes=attributes, median_ms=11)


def _sns(service: Service, planned: Step, random: Random) -> Content:
    arn = f"arn:aws:sns:{service.region}:{service.account}:{planned.target}"
    attributes = _aws_call(service, "SNS", "Publish", uuid(random)) | {
        "messaging.system": "aws.sns",
        "messaging.destination.name": planned.target,
        "aws.sns.topic.arn": arn,
    }
    return Content(name=f"{planned.target} send", kind=PRODUCER, scope="aws", attributes=attributes, median_ms=14)


def _events(service: Service, planned: Step, random: Random) -> Content:
    attributes = _aws_call(service, "EventBridge", "PutEvents", uuid(random)) | {"aws.eventbridge.bus": planned.target}
    return Content(name="EventBridge.PutEvents", kind=CLIENT, scope="aws", attributes=attributes, median_ms=17)


def _s3(service: Service, planned: Step, random: Random) -> Content:
    request_id = "".join(random.choices(ascii_uppercase + digits, k=16))
    attributes = _aws_call(service, "S3", planned.method, request_id) | {
        "aws.s3.bucket": planned.target,
        "aws.s3.key": f"{planned.thing}s/2026/11/{random.randint(1, 28):02d}/{uuid(random)}.json",
        "aws.extended_request_id": "".join(random.choices(BASE64, k=75)) + "=",
    }
    return Content(name=f"S3.{planned.method}", kind=CLIENT, scope="aws", attributes=attributes, median_ms=28)


def _secrets(service: Service, planned: Step, random: Random) -> Content:
    arn = f"arn:aws:secretsmanager:{service.region}:{service.account}:secret:{planned.target}"
    attributes = _aws_call(service, "Secrets Manager", "GetSecretValue", uuid(random))
    attributes["aws.secretsmanager.secret.arn"] = arn
    return Content(name="Secrets Manager.GetSecretValue", kind=CLIENT, scope="aws", attributes=attributes, median_ms=22)


def _http(service: Service, planned: Step, random: Random) -> Content:
    identity = random.choice((uuid(random), str(random.randint(10_000, 99_999_999))))
    url = f"https://{planned.target}/v1/{planned.thing}s/{identity}"
    code = random.choices((200, 201, 404, 429, 502), (84, 10, 3, 1, 2))[0]
    if service.sdk.stable_conventions:
        attributes: Attributes = {
            "http.request.method": planned.method, "url.full": url, "server.address": planned.target,
            "server.port": 443, "network.protocol.version": "1.1", "http.response.status_code": code,
        }  # fmt: skip
        return Content(name=planned.method, kind=CLIENT, scope="http", attributes=attributes, median_ms=65)
    attributes = {
        "http.method": planned.method, "http.url": url, "net.peer.name": planned.target, "net.peer.port": 443,
        "http.status_code": code, "http.flavor": "1.1",
    }  # fmt: skip
    return Content(name=f"HTTP {planned.method}", kind=CLIENT, scope="http", attributes=attributes, median_ms=65)


def _internal(_service: Service, planned: Step, random: Random) -> Content:
    attributes: Attributes = {}
    if random.random() < 0.3:
        attributes[f"{planned.thing}.count"] = random.randint(0, 500)
    return Content(
        name=f"{planned.verb} {planned.thing}", kind=INTERNAL, scope="app", attributes=attributes, median_ms=9
    )


def _business(planned: Step, about: dict[str, str], random: Random) -> Attributes:
    """The team's own attributes. They stay the same through an invocation: it is about that one order."""
    found: Attributes = {}
    for key, values in planned.business:
        value = random.choice(values) if values else _business_id(planned.thing, random)
        found[key] = about.setdefault(key, value)
    return found


def _business_id(thing: str, random: Random) -> str:
    """What teams call their things: UUIDs, database numbers, short codes."""
    form = random.random()
    if form < 0.4:
        return uuid(random)
    if form < 0.75:
        return str(random.randint(100_000, 99_999_999))
    return f"{thing[:3].upper()}-{''.join(random.choices(ascii_uppercase + digits, k=8))}"


def _ip(random: Random) -> str:
    return ".".join(str(random.randint(1, 254)) for _ in range(4))


Root = Callable[[Service, Operation, bool, Random], Content]
Call = Callable[[Service, Step, Random], Content]

TRIGGERS: dict[str, Root] = {
    "http": _http_root,
    "sqs": _sqs_root,
    "sns": _sns_root,
    "eventbridge": _eventbridge_root,
    "timer": _timer_root,
}
STEPS: dict[str, Call] = {
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "s3": _s3,
    "sns": _sns,
    "events": _events,
    "secrets": _secrets,
    "http": _http,
    "internal": _internal,
}
