"""Who is at the other end of a call when no span of it has come: a node made of the caller's own attributes.

Conventions: OpenTelemetry semantic conventions 1.37 for general, database, messaging, RPC, FaaS and AWS spans, with
the names that they had before (db.name, net.peer.name, messaging.destination). The first rule that finds a name wins:

| rule | node kind | name |
|---|---|---|
| peer.service | by the system attributes beside it | as it is |
| db.system.name, db.system | database | system/namespace, /table of DynamoDB, or the system alone |
| messaging.system | messaging | system/destination (its template, if there is one), or the system alone |
| faas.invoked_name | external | as it is |
| aws.* of SQS, SNS, Kinesis | messaging | system/queue, topic or stream |
| aws.s3.bucket, aws.step_functions.* | external | s3/bucket, stepfunctions/name |
| rpc.service | external (AWS's DynamoDB: database) | as it is |
| server.address, net.peer.name … | external | as it is |
| url.full, http.url | external | its host |

A database or queue is not told apart by its host: replicas and reconnects would make it many.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from chalicelib.model.attributes import Attributes, Value

SERVICE = "service"
DATABASE = "database"
MESSAGING = "messaging"
EXTERNAL = "external"
USER = "user"
NODE_KINDS = (SERVICE, DATABASE, MESSAGING, EXTERNAL, USER)

MAX_NAME_CHARACTERS = 200


class Node(NamedTuple):
    """A node of the service graph."""

    kind: str
    name: str


THE_USER = Node(USER, "user")

_SAME_SYSTEM = {
    "aws.dynamodb": "dynamodb",
    "aws.sqs": "aws_sqs",
    "AmazonSQS": "aws_sqs",
    "aws_sns": "aws.sns",
    "AmazonSNS": "aws.sns",
}
_NAMESPACES = (
    "db.namespace",
    "db.name",
    "aws.dynamodb.table_names",
    "db.cassandra.keyspace",
    "db.redis.database_index",
)
_DESTINATIONS = ("messaging.destination.template", "messaging.destination.name", "messaging.destination")
_UNSTABLE = ("messaging.destination.temporary", "messaging.destination.anonymous", "messaging.temp_destination")
_AWS_QUEUES = {
    "aws.sqs.queue.url": "aws_sqs",
    "aws.sqs.queue_url": "aws_sqs",
    "aws.queue_url": "aws_sqs",
    "aws.sns.topic.arn": "aws.sns",
    "aws.kinesis.stream_name": "aws.kinesis",
}
_AWS_OTHERS = {
    "aws.s3.bucket": "s3",
    "aws.step_functions.state_machine.arn": "stepfunctions",
    "aws.step_functions.activity.arn": "stepfunctions",
}
_ADDRESSES = ("server.address", "net.peer.name", "network.peer.address", "net.sock.peer.addr", "net.peer.ip")
_URLS = ("url.full", "http.url")


def find_peer(attributes: Attributes) -> Node | None:
    """The node that a client or producer span with these attributes called; None if they do not say."""
    for key, rule in _RULES:
        if key in attributes and (node := rule(attributes, key)) is not None:
            return node
    return None


def find_destination(attributes: Attributes) -> Node | None:
    """The queue, topic or stream that a consumer span took its messages from; None if its attributes do not say."""
    for key, rule in _DESTINATION_RULES:
        if key in attributes and (node := rule(attributes, key)) is not None:
            return node
    return None


@lru_cache(maxsize=4096)
def service_node(name: str) -> Node:
    """The node of an instrumented service."""
    return Node(SERVICE, name)


@lru_cache(maxsize=4096)
def node_name(text: str) -> str:
    """`text`, cut where it is longer than MAX_NAME_CHARACTERS."""
    return text if len(text) <= MAX_NAME_CHARACTERS else text[: MAX_NAME_CHARACTERS - 1] + "…"


def _named(attributes: Attributes, key: str) -> Node | None:
    name = _text(attributes[key])
    if not name:
        return None
    if "db.system" in attributes or "db.system.name" in attributes:
        return _node(DATABASE, name)
    return _node(MESSAGING if "messaging.system" in attributes else EXTERNAL, name)


def _database(attributes: Attributes, key: str) -> Node | None:
    system = _text(attributes[key])
    return _node(DATABASE, _SAME_SYSTEM.get(system, system), _first(attributes, _NAMESPACES)) if system else None


def _messaging(attributes: Attributes, key: str) -> Node | None:
    system = _text(attributes[key])
    if not system:
        return None
    is_unstable = any(attributes.get(flag) is True for flag in _UNSTABLE)
    name = "" if is_unstable else _last_part(_first(attributes, _DESTINATIONS))
    return _node(MESSAGING, _SAME_SYSTEM.get(system, system), name)


def _queue(attributes: Attributes, key: str) -> Node | None:
    name = _last_part(_text(attributes[key]))
    return _node(MESSAGING, _AWS_QUEUES[key], name) if name else None


def _aws(attributes: Attributes, key: str) -> Node | None:
    name = _last_part(_text(attributes[key]))
    return _node(EXTERNAL, _AWS_OTHERS[key], name) if name else None


def _rpc(attributes: Attributes, key: str) -> Node | None:
    name = _text(attributes[key])
    if name == "DynamoDB" and attributes.get("rpc.system") == "aws-api":
        return _node(DATABASE, "dynamodb", _text(attributes.get("aws.dynamodb.table_names")))
    return _node(EXTERNAL, name) if name else None


def _external(attributes: Attributes, key: str) -> Node | None:
    name = _text(attributes[key])
    return _node(EXTERNAL, name) if name else None


def _url(attributes: Attributes, key: str) -> Node | None:
    name = _host(_text(attributes[key]))
    return _node(EXTERNAL, name) if name else None


_Rule = tuple[str, Callable[[Attributes, str], Node | None]]
_DESTINATION_RULES: tuple[_Rule, ...] = (("messaging.system", _messaging), *((key, _queue) for key in _AWS_QUEUES))
_RULES: tuple[_Rule, ...] = (
    ("peer.service", _named),
    ("db.system.name", _database),
    ("db.system", _database),
    ("messaging.system", _messaging),
    ("faas.invoked_name", _external),
    *((key, _queue) for key in _AWS_QUEUES),
    *((key, _aws) for key in _AWS_OTHERS),
    ("rpc.service", _rpc),
    *((key, _external) for key in _ADDRESSES),
    *((key, _url) for key in _URLS),
)


@lru_cache(maxsize=4096)
def _node(kind: str, name: str, part: str = "") -> Node:
    return Node(kind, node_name(f"{name}/{part}") if part else name)


def _first(attributes: Attributes, keys: tuple[str, ...]) -> str:
    for key in keys:
        if key in attributes and (text := _text(attributes[key])):
            return text
    return ""


def _text(value: Value) -> str:
    """A name; "" for what is none. Of several (DynamoDB's tables) the first."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str):
        return node_name(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _last_part(text: str) -> str:
    """The name at the end of an ARN or a queue's URL; any other text as it is."""
    if text.startswith("arn:"):
        return text.rpartition(":")[2]
    return text.rstrip("/").rpartition("/")[2] if text.startswith(("https://", "http://")) else text


def _host(url: str) -> str:
    """The host of a URL, without the port and whoever logs in there."""
    rest = url.partition("://")[2]
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority.partition("]")[0][1:]
    return authority.partition(":")[0]
