"""Work that other invocations left: one message of the queue after the other.

SQS deletes what a function took unless it raises, or names the message among `batchItemFailures`; only a mapping
with ReportBatchItemFailures reads those names, and `chalice deploy` cannot make one. So when every message failed,
it raises, which both kinds understand; the batch is one message unless somebody maps it otherwise.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.functions.invocation import invocation
from chalicelib.model.deadline import Deadline
from chalicelib.services import Services
from chalicelib.storage.memory import MemoryWorkQueue

RESERVE_S = 12.0  # with less time left a seal hands itself on (views/seal.py), and would come round again and again

Perform = Callable[[Services, bytes, Deadline], object]


def work(
    services: Services, event: Mapping[str, Any], context: Any, *, perform: Perform | None = None
) -> dict[str, list[dict[str, str]]]:
    """Perform each message, by views.work.perform or the `perform` given; the ids of those that failed.

    Raises the failure if every one failed.
    """
    perform = perform or _perform()
    failures: dict[str, Exception] = {}
    with invocation(services, "work", context) as deadline:
        records = event.get("Records") or []
        for record in records:
            try:
                perform(services, record["body"].encode(), deadline)
            except Exception as failure:  # noqa: BLE001  # the other messages are not at fault
                failures[record["messageId"]] = failure
        if failures and len(failures) == len(records):
            raise next(iter(failures.values()))
        for message_id, error in failures.items():
            services.telemetry.failure(f"message {message_id} was not performed", error)
        perform_waiting(services, deadline, perform)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}


def perform_waiting(services: Services, deadline: Deadline, perform: Perform | None = None) -> None:
    """Where there is no queue but this process's own: perform what waits there, while there is time.

    Never raises: a message that fails is logged and gone, and the tick finds again what is due.
    """
    queue = services.queue
    if not isinstance(queue, MemoryWorkQueue):
        return
    waiting = queue.take()
    while waiting and deadline.remaining_s() > RESERVE_S:
        message = waiting.pop(0)
        try:
            (perform or _perform())(services, message, deadline)
        except Exception as error:  # noqa: BLE001  # see above
            services.telemetry.failure("a message was not performed", error)
        waiting += queue.take()
    if waiting:
        services.telemetry.warning("work waits in a process without a queue", {"messages": len(waiting)})
        queue.put_back(waiting)


def _perform() -> Perform:
    from chalicelib.views.work import perform  # noqa: PLC0415

    return perform
