"""The stream of the facts table into the index. Lambda gives it batches in order and repeats a batch that raised.

So it raises when the store is away, and never because of a record: one that cannot be read or indexed goes to the
dead letters, and the shard goes on. Its block stays among the facts; a rebuild indexes it once it can be read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import wiring
from chalicelib.functions.invocation import invocation
from chalicelib.functions.work import perform_waiting
from chalicelib.model.arrival import Arrival, BadRecord
from chalicelib.model.errors import StoreError
from chalicelib.services import Services

Index = Callable[[Services, Sequence[Arrival]], object]


def index_stream(services: Services, event: Mapping[str, Any], context: Any, index: Index | None = None) -> None:
    """Index what a stream event tells, by views.index.index or the `index` given. Raises StoreError."""
    from chalicelib.views import dead_letters  # noqa: PLC0415

    with invocation(services, "index_stream", context) as deadline:
        told = wiring.read_stream(event)
        bad = [one for one in told if isinstance(one, BadRecord)]
        arrivals = [one for one in told if isinstance(one, Arrival)]
        bad += index_what_can_be(services, arrivals, index or _index())
        dead_letters.bury(services, [_letter(dead_letters, one) for one in bad], deadline)
        perform_waiting(services, deadline)


def index_what_can_be(services: Services, arrivals: Sequence[Arrival], index: Index) -> list[BadRecord]:
    """Index all, or, where that fails, either half of them, and so on; those that fail alone. Raises StoreError.

    Halves overlap with what a replay gives, which is harmless: the index is made of sets.
    """
    if not arrivals:
        return []
    try:
        index(services, arrivals)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a block does to the indexer, the shard must go on
        if len(arrivals) == 1:
            services.telemetry.failure("a block could not be indexed", error)
            return [_unindexed(arrivals[0], error)]
        middle = len(arrivals) // 2
        return [
            *index_what_can_be(services, arrivals[:middle], index),
            *index_what_can_be(services, arrivals[middle:], index),
        ]
    return []


def _unindexed(arrival: Arrival, error: Exception) -> BadRecord:
    block = arrival.kept.block
    return BadRecord(
        reason=f"it could not be indexed: {error!r}",
        keys={"tenant": arrival.tenant, "trace_id": block.trace_id, "digest": arrival.kept.digest.hex()},
        sequence=arrival.sequence,
    )


def _index() -> Index:
    from chalicelib.views.index import index  # noqa: PLC0415

    return index
