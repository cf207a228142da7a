"""What becomes of the traces of a seal: judged by the tenant's policies, the kept ones rewritten for the long time.

A tenant with policies has its blocks written `undecided`: they live for a day. When a trace is sealed it is judged
as a whole. If it is kept, its undecided blocks are put together into consolidated blocks, which live as long as
blocks do without sampling; if not, nothing is written and they expire by themselves. No step needs another one to
have happened: what is written follows from the blocks and the policies, so a seal that dies half way, or comes
again, ends with the same blocks.

A decision to keep is sticky, since it can be read in the store: a trace that has a block for the long time stays
kept, and its later blocks with it. A decision to drop is not: more may come that is worth keeping.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.model.block import KeptBlock
from chalicelib.model.deadline import Deadline
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.services import Services


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A trace at one of its seal points.

    `trace` is its state there, of `as_sent` blocks. `blocks` are the blocks of that state as read_kept gives them with
    `covered`, and every consolidated block of the trace; in any order.
    """

    trace: StoredTrace
    blocks: tuple[KeptBlock, ...]


def as_sent(blocks: Sequence[KeptBlock]) -> list[KeptBlock]:
    """The blocks (of a read_kept with `covered`) to compute views from, as if nothing had been consolidated.

    A consolidated block is left out for as long as everything it covers is still there; after that it is used and
    what is left of them is not. So views come out the same before and after a consolidation, and count the spans of
    traces that were dropped as long as those can be counted; later, the threshold that the consolidated spans carry
    makes up for them.
    """
    raise NotImplementedError


def settle(  # noqa: PLR0913, PLR0917  # whose traces, which, for how much of the tenant's time, until when
    services: Services,
    tenant: str,
    candidates: Sequence[Candidate],
    window_s: int,
    share: float,
    deadline: Deadline,
) -> list[bool]:
    """Decide on the traces that are sealed together, and consolidate what is kept; whether each one is kept.

    `candidates` are all traces of a piece of an arrival window of `window_s` seconds, `share` is the part of all
    trace ids that the piece stands for (1, a half, …): rates are allowed in proportion to both. A tenant without
    policies, or with a document that cannot be read, keeps everything, also what is undecided still. Asked again
    it answers the same and writes what is missing. Raises StoreError; some blocks may then be consolidated.
    """
    raise NotImplementedError
