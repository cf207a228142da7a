"""Candidates read from their blocks, a few ahead of the one that is looked at."""

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

from chalicelib.model.errors import AnswerTooLarge, UnreadableBlock
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.query.ahead import READERS, read_ahead
from chalicelib.query.blocks import read_stored_trace
from chalicelib.query.hours import Look


class Verified(NamedTuple):
    """A candidate's trace; None if there is none any more, or if `problem` says why it could not be read."""

    trace: StoredTrace | None
    problem: str | None = None


def read_traces(
    look: Look, trace_ids: Iterable[str], *, at_most: Callable[[int], int] = lambda _done: READERS
) -> Generator[tuple[str, Verified], None, None]:
    """Each trace in the order of `trace_ids`. `at_most` says how many to read at once when so many are done.

    Raises StoreError when the store fails; a trace that alone cannot be read does not end the others.
    """

    def read(trace_id: str) -> Verified:
        try:
            return Verified(read_stored_trace(look.services, look.tenant, trace_id, look.account.deadline))
        except (AnswerTooLarge, UnreadableBlock) as error:
            return Verified(None, error.detail)

    return read_ahead(look.pool, trace_ids, read, lambda done: min(at_most(done), READERS) - 1)
