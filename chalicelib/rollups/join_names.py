"""The names under which a span knows a message, an invocation or an object, so that it can be joined to the other side.

Spans of our own library say them (propagation/joins.py). Others say enough all the same:

| span | sent | received |
|---|---|---|
| any | spanfold.join.sent | spanfold.join.received |
| messaging.system and messaging.message.id | of a producer, `<system>:<id>` | of a consumer, the same |
| Lambda's Invoke with aws.request_id | `lambda:<request id>` | |
| server with faas.invocation_id | | `lambda:<id>` |

Names that nobody sends under are left out, for each would be looked for in vain: `lambda:` where faas.trigger tells
that it was no Invoke, and UNSENT.

Systems go by the names of the events that Lambda gives (`sqs`, `sns`), so that a producer of one library meets a
consumer of another. An operation (messaging.operation.type) says more than the kind, since receiving is a client's.
"""

from collections.abc import Iterable

from chalicelib.model.attributes import Attributes, Value
from chalicelib.model.span import Kind, Span
from chalicelib.propagation.joins import MAX_JOINS, RECEIVED, SENT

LAMBDA = "lambda"
MESSAGE_ID = "messaging.message.id"
INVOCATION_ID = "faas.invocation_id"
REQUEST_IDS = ("aws.request_id", "aws.request.id", "aws.requestId")
UNSENT = frozenset(("xray", "api-gateway", "log"))  # whose other side is AWS, or does not learn the id
MAX_NAME_CHARACTERS = 512  # two ARNs; what is longer is no name

# A span without any of these has no names.
SENT_KEYS = (SENT, MESSAGE_ID, *REQUEST_IDS)
RECEIVED_KEYS = (RECEIVED, MESSAGE_ID, INVOCATION_ID)

_CLIENT, _SERVER, _PRODUCER, _CONSUMER = (
    int(kind) for kind in (Kind.CLIENT, Kind.SERVER, Kind.PRODUCER, Kind.CONSUMER)
)
_UNSENT_BUT_BY_INVOKE = UNSENT | {LAMBDA}
_SYSTEMS = {
    "aws_sqs": "sqs",
    "aws.sqs": "sqs",
    "AmazonSQS": "sqs",
    "aws.sns": "sns",
    "aws_sns": "sns",
    "AmazonSNS": "sns",
    "aws.eventbridge": "eventbridge",
    "aws_eventbridge": "eventbridge",
}
_OURS_ALONE = frozenset(("states", "s3", "s3-request", "dynamodb", "firehose", "xray"))  # nobody else gives these
_OPERATIONS = ("messaging.operation.type", "messaging.operation")
_SENDING = frozenset(("send", "publish", "create"))
_RECEIVING = frozenset(("process", "deliver", "receive"))
_BY_INVOKE = frozenset((None, "", "other"))  # faas.trigger


def sent_names(span: Span) -> tuple[str, ...]:
    """What `span` sent, each name once, in order; () as a rule. At most MAX_JOINS."""
    attributes = span.attributes
    names = _texts(attributes[SENT]) if SENT in attributes else []
    if MESSAGE_ID in attributes and _is_sending(span):
        names += _message(attributes)
    if span.kind == _CLIENT and (request_id := _invoke_request(attributes)):
        names.append(f"{LAMBDA}:{request_id}")
    return _names(names) if names else ()


def received_names(span: Span) -> tuple[str, ...]:
    """What set `span` off, likewise."""
    attributes = span.attributes
    names = _texts(attributes[RECEIVED]) if RECEIVED in attributes else []
    if MESSAGE_ID in attributes and _is_receiving(span):
        names += _message(attributes)
    if INVOCATION_ID in attributes and span.kind == _SERVER:
        names += [f"{LAMBDA}:{invocation_id}" for invocation_id in _texts(attributes[INVOCATION_ID])]
    if not names:
        return ()
    unsent = UNSENT if _text(attributes.get("faas.trigger")) in _BY_INVOKE else _UNSENT_BUT_BY_INVOKE
    return _names(name for name in names if name.partition(":")[0] not in unsent)


def attributes_of(name: str) -> tuple[tuple[str, str], ...]:
    """(key, value) of every attribute by which a span may know `name`: spans with none of them do not."""
    what, _, identifier = name.partition(":")
    own = ((SENT, name), (RECEIVED, name))
    if not identifier or what in _OURS_ALONE:
        return own
    keys = (*REQUEST_IDS, INVOCATION_ID) if what == LAMBDA else (MESSAGE_ID,)
    return (*own, *((key, identifier) for key in keys))


def is_call(name: str) -> bool:
    """Whether whoever sent under this name called somebody, rather than leaving a message."""
    return name.startswith((f"{LAMBDA}:", "states:"))


def _is_sending(span: Span) -> bool:
    operation = _operation(span.attributes)
    return operation in _SENDING if operation else span.kind == _PRODUCER


def _is_receiving(span: Span) -> bool:
    operation = _operation(span.attributes)
    return operation in _RECEIVING if operation else span.kind == _CONSUMER


def _operation(attributes: Attributes) -> str:
    return next((text for key in _OPERATIONS if (text := _text(attributes.get(key)))), "")


def _message(attributes: Attributes) -> list[str]:
    system = _text(attributes.get("messaging.system"))
    if not system:
        return []
    return [f"{_SYSTEMS.get(system, system)}:{each}" for each in _texts(attributes[MESSAGE_ID])]


def _invoke_request(attributes: Attributes) -> str:
    """The request id of a call of Lambda's Invoke; "" for any other."""
    request_id = next((text for key in REQUEST_IDS if (text := _text(attributes.get(key)))), "")
    if not request_id:
        return ""
    method = _text(attributes.get("rpc.method"))
    if _text(attributes.get("rpc.service")) == "Lambda":
        method = f"Lambda/{method}"
    return request_id if method in _INVOKE or "faas.invoked_name" in attributes else ""


_INVOKE = frozenset(("Lambda/Invoke", "Lambda/InvokeAsync", "Lambda/Lambda/Invoke", "Lambda/InvokeWithResponseStream"))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if 0 < len(name) <= MAX_NAME_CHARACTERS))[:MAX_JOINS]


def _texts(value: Value) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [each for each in values if isinstance(each, str) and each]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
