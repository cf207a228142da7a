"""SQS: context in message attributes, and in AWSTraceHeader, which counts neither as an attribute nor in the size.

API reference: SendMessage, SendMessageBatch, ReceiveMessage; semantic conventions: messaging/sqs.
"""

from ....propagation import xray
from ....propagation.joins import MAX_JOINS, RECEIVED
from .. import carried
from ..limits import KIB, Room
from . import message_attributes
from .injection import Untouched
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ....propagation.context import TraceContext
    from .injection import Injection
    from .service import Answer, Attributes, Params

LIMITS_BYTES = (256 * KIB, 1024 * KIB)
TRACE_HEADER = "AWSTraceHeader"
# What a consumer asks for, so that a context reaches it: SQS gives no attribute that nobody named.
ASKED_FOR = ("traceparent", "tracestate", "baggage")
ASKED_FOR_ALL = {"All", ".*"}
_COUNTED = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}
_VERBS = {
    "SendMessage": "send", "SendMessageBatch": "send", "ReceiveMessage": "receive",
    "DeleteMessage": "settle", "DeleteMessageBatch": "settle",
}  # fmt: skip


def _describe(operation: str, params: "Params") -> "Attributes":
    described: Attributes = {"messaging.system": "aws_sqs"}
    if operation in _VERBS:
        described["messaging.operation.type"] = _VERBS[operation]
        described["messaging.operation.name"] = _VERBS[operation]
    queue = _queue(params)
    if queue:
        described["messaging.destination.name"] = queue
    if operation in _COUNTED:
        described["messaging.batch.message_count"] = len(params.get("Entries") or ())
    return described


def _queue(params: "Params") -> str:
    return str(params.get("QueueUrl") or "").rpartition("/")[2]


def _send(injection: "Injection", params: "Params") -> None:
    filled = injection.one(params, lambda message: _with_context(injection, message, _total([params])))
    params.update(filled)


def _send_batch(injection: "Injection", params: "Params") -> None:
    entries = params["Entries"]
    total = _total(entries)
    params["Entries"] = injection.each(entries, lambda entry: _with_context(injection, entry, total))


def _total(entries: "list[Mapping[str, Any]]") -> Room:
    return Room(sum(_size_bytes(entry) for entry in entries), LIMITS_BYTES)


def _size_bytes(message: "Mapping[str, Any]") -> int:
    return message_attributes.size_bytes(message.get("MessageBody"), message.get("MessageAttributes") or {})


def _with_context(injection: "Injection", message: "Mapping[str, Any]", total: Room) -> "dict[str, Any]":
    system = _with_trace_header(injection, message.get("MessageSystemAttributes") or {})
    added = {"MessageSystemAttributes": system} if system else {}
    own = Room(_size_bytes(message), LIMITS_BYTES)
    try:
        if injection.is_opted_out("sqs"):
            raise Untouched("SPANFOLD_INJECT says -sqs")  # noqa: TRY301  # the same way out as for the others
        attributes = message_attributes.added(injection, message.get("MessageAttributes") or {}, (own, total))
    except Untouched as reason:
        if not system or message_attributes.has_context(message.get("MessageAttributes") or {}):
            raise
        injection.reduced.append(f"AWSTraceHeader alone, {reason}")
        return {**message, **added}
    return {**message, **added, "MessageAttributes": attributes}


def _with_trace_header(injection: "Injection", system: "Mapping[str, Any]") -> "dict[str, Any]":
    """{} where there is none to write, or somebody wrote one."""
    if not injection.xray or TRACE_HEADER in system:
        return {}
    return {**system, TRACE_HEADER: {"DataType": message_attributes.STRING, "StringValue": injection.xray}}


def _ask(injection: "Injection", params: "Params") -> None:
    """Ask for our names beside the caller's own."""
    names = list(params.get("MessageAttributeNames") or ())
    if not ASKED_FOR_ALL.intersection(names):
        wanted = (*ASKED_FOR, *injection.fields, f"{message_attributes.OTEL_PREFIX}*")
        params["MessageAttributeNames"] = list(dict.fromkeys((*names, *wanted)))
    # The second name is the older one, which botocore still takes; both lists together are what SQS answers.
    known = [key for key in ("MessageSystemAttributeNames", "AttributeNames") if key in injection.members]
    key = next((key for key in known if params.get(key)), known[0])
    system = list(params.get(key) or ())
    if not {"All", TRACE_HEADER}.intersection(system):
        params[key] = [*system, TRACE_HEADER]


def _sent(_params: "Params", answer: "Answer") -> list[str]:
    messages = [answer, *answer.get("Successful", ())]
    return [f"sqs:{message['MessageId']}" for message in messages if message.get("MessageId")]


def _learn(operation: str, _params: "Params", answer: "Answer") -> "Attributes":
    if operation == "SendMessage":
        return {"messaging.message.id": answer.get("MessageId", "")}
    if operation != "ReceiveMessage":
        return {}
    messages = answer.get("Messages") or ()
    joins = [f"sqs:{message['MessageId']}" for message in messages[:MAX_JOINS]]
    return {"messaging.batch.message_count": len(messages), **({RECEIVED: joins} if joins else {})}


def producer_of(message: "Mapping[str, Any]") -> "TraceContext | None":
    """The span that sent a message which ReceiveMessage answered: by its attributes, else by AWSTraceHeader."""
    context = message_attributes.context_of(message.get("MessageAttributes") or {})
    if context is not None:
        return context
    header = xray.parse((message.get("Attributes") or {}).get(TRACE_HEADER, ""))
    return header if header is not None and header.is_complete else None


def producers_of(answer: "Answer") -> "list[TraceContext]":
    """Those of all messages, each once, in order."""
    found = (producer_of(message) for message in answer.get("Messages") or ())
    return list({carried.identity(context): context for context in found if context is not None}.values())


SERVICE = Service(
    attributes={"QueueUrl": "aws.sqs.queue.url"},
    describe=_describe,
    destination=_queue,
    verbs=_VERBS,
    fills={"SendMessage": _send, "SendMessageBatch": _send_batch, "ReceiveMessage": _ask},
    sends=("SendMessage", "SendMessageBatch"),
    joins={"SendMessage": _sent, "SendMessageBatch": _sent},
    failures=dict.fromkeys(_COUNTED, ("Failed", "Code")),
    learn=_learn,
    producers={"ReceiveMessage": producers_of},
)
