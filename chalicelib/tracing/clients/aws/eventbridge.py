"""EventBridge: X-Ray's header in TraceHeader, and our key in `Detail`, for that is all that reaches most targets.

API reference: PutEvents; user guide, "Calculating event entry size" (November 2026): Source, DetailType, Detail and
Resources in UTF-8, 14 bytes for Time; all entries together 256 KB, 1 MB since January 2026. Where a strict schema minds
the key, SPANFOLD_INJECT=-eventbridge-detail leaves `Detail` alone.
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

LIMITS_BYTES = (256 * KIB, 1024 * KIB)
TIME_BYTES = 14
OPTION = "eventbridge-detail"


def _describe(operation: str, params: "Params") -> "Attributes":
    if operation != "PutEvents":
        return {}
    return {
        "messaging.system": "aws.eventbridge",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": _bus(params),
        "messaging.batch.message_count": len(params.get("Entries") or ()),
    }


def _bus(params: "Params") -> str:
    names = {last_name(str(entry.get("EventBusName") or "default")) for entry in params.get("Entries") or ()}
    return names.pop() if len(names) == 1 else "multiple_buses"


def _put_events(injection: "Injection", params: "Params") -> None:
    entries = params["Entries"]
    total = Room(sum(_size_bytes(entry) for entry in entries), LIMITS_BYTES)
    params["Entries"] = injection.each(entries, lambda entry: _with_context(injection, entry, total))


def _size_bytes(entry: "Mapping[str, Any]") -> int:
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or ())]
    return sum(len(text.encode()) for text in texts if text) + (TIME_BYTES if entry.get("Time") else 0)


def _with_context(injection: "Injection", entry: "Mapping[str, Any]", total: Room) -> "dict[str, Any]":
    header = injection.xray and not entry.get("TraceHeader")
    added = {"TraceHeader": injection.xray} if header else {}
    if injection.is_opted_out(OPTION):
        return {**entry, **added}
    try:
        detail, extra_bytes = with_context(injection, entry.get("Detail") or "")
        if not total.has(extra_bytes):
            raise Untouched("the event would be too long")  # noqa: TRY301  # the same way out as for the others
    except Untouched as reason:
        if not added:
            raise
        injection.reduced.append(f"TraceHeader alone, {reason}")
        return {**entry, **added}
    total.take(extra_bytes)
    return {**entry, **added, "Detail": detail}


def _sent(_params: "Params", answer: "Answer") -> list[str]:
    return [f"eventbridge:{entry['EventId']}" for entry in answer.get("Entries", ()) if entry.get("EventId")]


SERVICE = Service(
    describe=_describe,
    destination=_bus,
    verbs={"PutEvents": "send"},
    sends=("PutEvents",),
    fills={"PutEvents": _put_events},
    joins={"PutEvents": _sent},
    failures={"PutEvents": ("Entries", "ErrorCode")},
)
