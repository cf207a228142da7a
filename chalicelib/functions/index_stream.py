"""The stream of the facts table into the index. Lambda gives it batches in order and repeats a batch that raised.

So it raises when the store is away, and never because of a record: views.index buries one that cannot be read or
indexed among the dead letters, and the shard goes on. Its block stays among the facts; a rebuild finds it there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import wiring
from chalicelib.functions.invocation import invocation
from chalicelib.functions.work import Perform, perform_waiting
from chalicelib.model.arrival import Arrival, BadRecord
from chalicelib.model.deadline import Deadline
from chalicelib.services import Services

Index = Callable[[Services, Sequence[Arrival], Deadline, Sequence[BadRecord]], object]


def index_stream(
    services: Services,
    event: Mapping[str, Any],
    context: Any,
    *,
    index: Index | None = None,
    perform: Perform | None = None,
) -> None:
    """Index what a stream event tells, by views.index.index or the `index` given. Raises StoreError."""
    with invocation(services, "index_stream", context) as deadline:
        told = wiring.read_stream(event)
        arrivals = [one for one in told if isinstance(one, Arrival)]
        bad_records = [one for one in told if isinstance(one, BadRecord)]
        (index or _index())(services, arrivals, deadline, bad_records)
        perform_waiting(services, deadline, perform)


def _index() -> Index:
    from chalicelib.views.index import index  # noqa: PLC0415

    return index
