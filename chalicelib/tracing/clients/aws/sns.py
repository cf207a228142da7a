"""SNS: context in message attributes, which reach a function, a queue behind the topic, and an HTTP subscriber.

API reference: Publish, PublishBatch; semantic conventions: messaging/sns. Text messages and mobile push have no
attributes that anybody sees, so nothing is written there; a phone number is nobody's business and is not recorded.
"""

from ..limits import KIB, Room
from . import message_attributes
from .arns import last_name
from .injection import Untouched
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .injection import Injection
    from .service import Answer, Attributes, Params

LIMITS_BYTES = (256 * KIB,)
_SENDS = ("Publish", "PublishBatch")
_ENTRIES = "PublishBatchRequestEntries"


def _describe(operation: str, params: "Params") -> "Attributes":
    described: Attributes = {"messaging.system": "aws.sns"}
    if operation in _SENDS:
        described["messaging.operation.type"] = described["messaging.operation.name"] = "send"
        described["messaging.destination.name"] = _destination(params)
    if operation == "PublishBatch":
        described["messaging.batch.message_count"] = len(params.get(_ENTRIES) or ())
    return described


def _destination(params: "Params") -> str:
    arn = str(params.get("TopicArn") or params.get("TargetArn") or "")
    if ":endpoint/" in arn:
        return "endpoint"  # its name is a device
    return last_name(arn) or "phone_number"


def _publish(injection: "Injection", params: "Params") -> None:
    total = Room(_size_bytes(params), LIMITS_BYTES)
    params.update(injection.one(params, lambda message: _with_context(injection, message, total)))


def _publish_batch(injection: "Injection", params: "Params") -> None:
    entries = params[_ENTRIES]
    total = Room(sum(_size_bytes(entry) for entry in entries), LIMITS_BYTES)
    params[_ENTRIES] = injection.each(entries, lambda entry: _with_context(injection, entry, total))


def _size_bytes(message: "Mapping[str, Any]") -> int:
    attributes = message.get("MessageAttributes") or {}
    return message_attributes.size_bytes(message.get("Message"), attributes) + len(message.get("Subject") or "")


def _with_context(injection: "Injection", message: "Mapping[str, Any]", total: Room) -> "dict[str, Any]":
    if injection.is_opted_out("sns"):
        raise Untouched("SPANFOLD_INJECT says -sns")
    if message.get("PhoneNumber") or ":endpoint/" in (message.get("TargetArn") or ""):
        raise Untouched("a text message or push notification shows nobody its attributes")
    attributes = message_attributes.added(injection, message.get("MessageAttributes") or {}, (total,))
    return {**message, "MessageAttributes": attributes}


def _sent(_params: "Params", answer: "Answer") -> list[str]:
    messages = [answer, *answer.get("Successful", ())]
    return [f"sns:{message['MessageId']}" for message in messages if message.get("MessageId")]


def _learn(operation: str, _params: "Params", answer: "Answer") -> "Attributes":
    return {"messaging.message.id": answer.get("MessageId", "")} if operation == "Publish" else {}


SERVICE = Service(
    attributes={"TopicArn": "aws.sns.topic.arn"},
    describe=_describe,
    destination=_destination,
    verbs=dict.fromkeys(_SENDS, "send"),
    sends=_SENDS,
    fills={"Publish": _publish, "PublishBatch": _publish_batch},
    joins={"Publish": _sent, "PublishBatch": _sent},
    failures={"PublishBatch": ("Failed", "Code")},
    learn=_learn,
)
