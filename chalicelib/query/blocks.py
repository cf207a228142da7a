"""A trace read for evaluation: its blocks as the store has them, put together with their arrival."""

from collections.abc import Iterator

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import KeptBlock, held_bytes
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import AnswerTooLarge
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.services import Services


def read_stored_trace(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> StoredTrace | None:
    """The trace with this id (32 hex digits in lower case) as it is now; None if the tenant has no such trace.

    Raises AnswerTooLarge for a trace past `max_trace_bytes`, and UnreadableBlock and StoreError as the store does.
    """
    return stored_trace(_within_limit(services, tenant, trace_id, deadline))


def _within_limit(services: Services, tenant: str, trace_id: str, deadline: Deadline) -> Iterator[KeptBlock]:
    limit_bytes = services.settings.max_trace_bytes
    sum_bytes = 0
    for kept in services.blocks.read_kept(tenant, trace_id, deadline):
        sum_bytes += held_bytes(kept.block)
        if sum_bytes > limit_bytes:
            raise AnswerTooLarge(f"trace {trace_id} is larger than can be read at once ({limit_bytes} bytes)")
        yield kept
