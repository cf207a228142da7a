"""Traces whose ids agree in their low 64 bits: to Zipkin they are one, since some process knows only half of an id.

Each is sealed by itself, and so are its links. What they are together is a difference to that
(contributions.contribute_joined), and belongs to the seal points of all their blocks together: at each it is put by
the seal of the piece that holds the first of the traces that had a block in the window. So it telescopes like all else.

Traces that are too large to be read together (trace_blocks.py) are linked one by one from then on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from chalicelib.codecs.stored import stored_trace
from chalicelib.model.block import KeptBlock
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.model.windows import arrival_window
from chalicelib.rollups.pieces import holds
from chalicelib.settings import Settings
from chalicelib.views.consolidation import as_sent
from chalicelib.views.piece_sums import PieceSums, Sealing
from chalicelib.views.seal_points import find_stretch


def add_joined(sums: PieceSums, sealing: Sealing, settings: Settings, blocks: Iterable[KeptBlock]) -> None:
    """Add what these traces, of which `blocks` are all, are together, if the seal of this piece is to say it."""
    sent = [kept for found in _by_trace(blocks) for kept in as_sent(found)]
    stretch = find_stretch(sent, sealing.window, settings)
    if stretch is None:
        return
    first = min(
        kept.block.trace_id
        for kept in stretch.now
        if arrival_window(kept.arrived_ms, settings.seal_window_s) == sealing.window
    )
    if not holds(sealing.piece, first):
        return
    try:
        now, before = map(_traces, stretch)
    except UnreadableBlock:  # the seal of the trace that it is of says so
        return
    sums.add_joined(now, before)


def _traces(blocks: Iterable[KeptBlock]) -> list[StoredTrace]:
    found = map(stored_trace, _by_trace(blocks))
    return [trace for trace in found if trace is not None]


def _by_trace(blocks: Iterable[KeptBlock]) -> list[Sequence[KeptBlock]]:
    """The blocks of each trace, by its id."""
    found: dict[str, list[KeptBlock]] = defaultdict(list)
    for kept in blocks:
        found[kept.block.trace_id].append(kept)
    return [those for _, those in sorted(found.items())]
