"""Kinesis: our key in a record's data, which is the caller's own, so only where SPANFOLD_INJECT says `kinesis`.

API reference: PutRecord, PutRecords (November 2026): a record's data and partition key 1 MiB, 10 MiB since 2025; all of
a request 5 MiB, now 10. The records of the Kinesis Producer Library are no JSON and stay as they are.
"""

from ..limits import KIB, Room
from .arns import last_name
from .injection import Untouched
from .json_bodies import with_context
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .injection import Injection
    from .service import Answer, Attributes, Params

RECORD_LIMITS_BYTES = (1024 * KIB, 10 * 1024 * KIB)
TOTAL_LIMITS_BYTES = (5 * 1024 * KIB, 10 * 1024 * KIB)
OPTION = "kinesis"
_SENDS = ("PutRecord", "PutRecords")


def _describe(operation: str, params: "Params") -> "Attributes":
    stream = _stream(params)
    described: Attributes = {"aws.kinesis.stream_name": stream} if stream else {}
    if operation not in _SENDS:
        return described
    described["messaging.system"] = "aws.kinesis"
    described["messaging.operation.type"] = described["messaging.operation.name"] = "send"
    described["messaging.destination.name"] = stream
    if operation == "PutRecords":
        described["messaging.batch.message_count"] = len(params.get("Records") or ())
    return described


def _stream(params: "Params") -> str:
    arn = str(params.get("StreamARN") or params.get("ConsumerARN") or "")
    named = arn.partition(":stream/")[2].partition("/")[0]
    return str(params.get("StreamName") or named or last_name(arn))


def _put_record(injection: "Injection", params: "Params") -> None:
    if injection.is_opted_in(OPTION):
        total = Room(_size_bytes(params), TOTAL_LIMITS_BYTES)
        params.update(injection.one(params, lambda record: _with_context(injection, record, total)))


def _put_records(injection: "Injection", params: "Params") -> None:
    if injection.is_opted_in(OPTION):
        records = params["Records"]
        total = Room(sum(_size_bytes(record) for record in records), TOTAL_LIMITS_BYTES)
        params["Records"] = injection.each(records, lambda record: _with_context(injection, record, total))


def _size_bytes(record: "Mapping[str, Any]") -> int:
    data = record.get("Data") or b""
    keys = record.get("PartitionKey") or ""
    return len(data.encode() if isinstance(data, str) else data) + len(keys.encode())


def _with_context(injection: "Injection", record: "Mapping[str, Any]", total: Room) -> "dict[str, Any]":
    data = record.get("Data")
    text = data.decode(errors="replace") if isinstance(data, bytes | bytearray) else data
    if not isinstance(text, str) or (not isinstance(data, str) and "\ufffd" in text):
        raise Untouched("it is not JSON")
    filled, extra_bytes = with_context(injection, text)
    if not (total.has(extra_bytes) and Room(_size_bytes(record), RECORD_LIMITS_BYTES).has(extra_bytes)):
        raise Untouched("the record would be too long")
    total.take(extra_bytes)
    return {**record, "Data": filled if isinstance(data, str) else filled.encode()}


def _sent(params: "Params", answer: "Answer") -> list[str]:
    stream = _stream(params)
    records = [answer, *answer.get("Records", ())]
    return [f"kinesis:{stream}:{record['SequenceNumber']}" for record in records if record.get("SequenceNumber")]


SERVICE = Service(
    describe=_describe,
    destination=_stream,
    verbs=dict.fromkeys(_SENDS, "send"),
    sends=_SENDS,
    fills={"PutRecord": _put_record, "PutRecords": _put_records},
    joins={"PutRecord": _sent, "PutRecords": _sent},
    failures={"PutRecords": ("Records", "ErrorCode")},
)
