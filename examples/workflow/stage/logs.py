"""CloudWatch Logs' part: lines with their times, and the events by which a subscription hands them on."""

import base64
import gzip
import itertools
import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

TERM = re.compile(r'\?(?:"([^"]*)"|(\S+))')  # a filter pattern of which any term may match: ?"one" ?other

Deliver = Callable[[dict[str, Any]], None]


class LogEvent(NamedTuple):
    """What was written at once."""

    time_ms: int
    message: str


class Subscription(NamedTuple):
    """Lines of `group` that the pattern lets through go to `deliver`, as Lambda events."""

    group: str
    pattern: str
    account: str
    deliver: Deliver

    def put(self, stream: str, events: Iterable[LogEvent]) -> None:
        """Deliver those that match, if any does, at once."""
        matching = [event for event in events if matches(self.pattern, event.message)]
        if matching:
            self.deliver(subscription_event(self, stream, matching))


_numbers = itertools.count(1)


def matches(pattern: str, message: str) -> bool:
    """As CloudWatch Logs says it, of the one form that is played here; "" lets everything through."""
    terms = [quoted or bare for quoted, bare in TERM.findall(pattern)]
    return not terms or any(term in message for term in terms)


def subscription_event(subscription: Subscription, stream: str, events: Iterable[LogEvent]) -> dict[str, Any]:
    """What a function that is subscribed is invoked with."""
    told = {
        "messageType": "DATA_MESSAGE",
        "owner": subscription.account,
        "logGroup": subscription.group,
        "logStream": stream,
        "subscriptionFilters": ["to-spanfold"],
        "logEvents": [
            {"id": f"{next(_numbers):056d}", "timestamp": event.time_ms, "message": event.message} for event in events
        ],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()}}


def now_ms() -> int:
    """As log events state it."""
    return time.time_ns() // 1_000_000
