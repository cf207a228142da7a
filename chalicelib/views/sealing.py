"""The seal of one arrival window of one tenant: its traces read, and put whole into digests and rollups.

What is put depends on the facts alone, so a seal may be repeated, die anywhere and run beside itself:

- Which traces: those in the window's segments, read consistently. What comes later leaves a late note; whoever finds
  a note at its end that was not there at its beginning does it all again, so that the last seal to put something has
  seen everything.
- What of each trace: seal_points.py. A trace that cannot be read, or that our code fails on, is a dead letter, and in
  no digest or rollup; the others go on.
- Where: piece_views.py. The marker comes last.

A window of too many traces is cut into pieces (rollups/pieces.py), which are left to other invocations; so is what
does not fit into this one's time.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import UnreadableBlock
from chalicelib.model.view import View
from chalicelib.rollups.pieces import WHOLE, children, holds
from chalicelib.search.index import Index
from chalicelib.services import Services
from chalicelib.storage.view_names import (
    MarkerBody,
    PieceName,
    Place,
    first_sort,
    is_late_note,
    last_sort,
    marker_body,
    parse_marker_body,
    parse_piece,
    piece_sort,
    sealed_partition,
    segment_partition,
)
from chalicelib.views.dead_letters import UNEXPECTED, DeadLetter, bury, reason_of
from chalicelib.views.joined_traces import add_joined
from chalicelib.views.large_traces import add_large
from chalicelib.views.merge import merge_again
from chalicelib.views.piece_sums import PieceSums, Sealing
from chalicelib.views.piece_views import Places, bodies_of, known_places, more_places, places_of, views_of
from chalicelib.views.schedule import is_due, may_seal_again
from chalicelib.views.trace_blocks import TraceBlocks, Unreadable, read_traces

RESERVE_S = 4.0  # what is left of the time when a piece is cut rather than gone on with: enough to send and to put


class _OutOfTimeError(Exception):
    """Not all traces could be looked at."""


class Put(NamedTuple):
    """Where a seal put something that is not empty, and every hour that it put something into."""

    places: tuple[Place, ...]
    hours: frozenset[int]


class Layout(NamedTuple):
    """What there is of a window: the markers of its pieces, and its late notes."""

    markers: dict[str, MarkerBody]
    notes: frozenset[str]


def seal(
    services: Services, name: PieceName, tenant: str, deadline: Deadline, *, rebuilding: bool = False
) -> list[str]:
    """Seal a piece of a window that is due, or nothing of it; the pieces that are to be sealed in its stead.

    `rebuilding`: the segments were just put, of all facts, so no window is too old to be sealed again; and hours are
    not put together again where their merge was due already. Raises StoreError.
    """
    ours: Places = {}  # where this run has put something: the marker of a seal beside it may not know
    while True:
        layout = read_layout(services, tenant, name.window, deadline)
        if not rebuilding and not _may_seal(services, tenant, name, layout, deadline):
            return []
        trace_ids = _trace_ids(services, tenant, name, deadline)
        if not trace_ids and not layout.markers and name.piece == WHOLE:
            return []  # nothing ever came in this window, and a window without segments counts as sealed
        pieces = _pieces(name.piece, trace_ids, layout, services.settings.seal_piece_traces)
        if pieces != [name.piece]:
            return pieces
        try:
            put = _seal_piece(services, tenant, name, trace_ids, layout, ours, deadline)
        except _OutOfTimeError:
            return list(children(name.piece))
        if not rebuilding:
            merge_again(services, tenant, name.window, put.hours, deadline)
        if read_layout(services, tenant, name.window, deadline).notes == layout.notes:
            put_marker(services, tenant, name, MarkerBody(is_sealed=True, places=put.places), deadline)
            return []
        ours = dict(more_places(ours, dict(put.places)))


def read_layout(services: Services, tenant: str, window: int, deadline: Deadline) -> Layout:
    """What there is of a window, as of now. Raises StoreError."""
    found = services.views.read(
        tenant,
        sealed_partition(window),
        deadline,
        first=first_sort(window),
        last=last_sort(window),
        consistent=True,
    )
    views = list(found)
    return Layout(
        markers={
            parse_piece(view.sort).piece: parse_marker_body(view.body) for view in views if not is_late_note(view.sort)
        },
        notes=frozenset(view.sort for view in views if is_late_note(view.sort)),
    )


def put_marker(services: Services, tenant: str, name: PieceName, body: MarkerBody, deadline: Deadline) -> None:
    """Say how far the seal of a piece is. Raises StoreError."""
    view = View(
        partition=sealed_partition(name.window),
        sort=piece_sort(name),
        body=marker_body(body),
        expires_at_s=_expires_at_s(services, name),
    )
    services.views.put(tenant, [view], deadline)


def _may_seal(services: Services, tenant: str, name: PieceName, layout: Layout, deadline: Deadline) -> bool:
    now_ns = services.now_ns()
    if not is_due(name.window, services.settings, now_ns):
        return False  # a tick will come to it
    if not layout.markers or may_seal_again(name.window, services.settings, now_ns):
        return True
    about: dict[str, str | int] = {"tenant": tenant, "window": name.window, "piece": name.piece}
    reason = "came when its window could not be sealed again; rebuild to have it in digests and rollups"
    bury(services, [DeadLetter(name=f"{tenant}#{piece_sort(name)}", reason=reason, about=about)], deadline)
    return False


def _trace_ids(services: Services, tenant: str, name: PieceName, deadline: Deadline) -> list[str]:
    """The traces of the piece, ascending."""
    segments = services.views.read(
        tenant,
        segment_partition(name.window),
        deadline,
        first=first_sort(name.window),
        last=last_sort(name.window),
        consistent=True,
    )
    found: set[str] = set()
    for view in segments:
        found.update(Index.unpack(view.body).trace_ids())
    if name.piece == WHOLE:
        return sorted(found)
    return sorted(trace_id for trace_id in found if holds(name.piece, trace_id))


def _pieces(piece: str, trace_ids: Sequence[str], layout: Layout, most: int) -> list[str]:
    """`piece` itself, or the finer ones that its traces are sealed in.

    A window that was cut once stays cut: rollups of the whole would not be looked at beside those of its pieces.
    """
    was_cut = any(other != piece and other.startswith(piece) for other in layout.markers)
    if len(trace_ids) <= most and not was_cut:
        return [piece]
    return [
        finer
        for half in children(piece)
        for finer in _pieces(half, [trace_id for trace_id in trace_ids if holds(half, trace_id)], layout, most)
    ]


def _seal_piece(  # noqa: PLR0913, PLR0917  # whose, which, of what, beside what, after what, until when
    services: Services,
    tenant: str,
    name: PieceName,
    trace_ids: Sequence[str],
    layout: Layout,
    ours: Places,
    deadline: Deadline,
) -> Put:
    """Put everything but the last marker."""
    sealing = Sealing(tenant=tenant, window=name.window, piece=name.piece, trace_count=len(trace_ids))
    sums = PieceSums(services, sealing, deadline)
    letters = _add_all(services, sums, sealing, trace_ids, deadline)
    bodies = bodies_of(*sums.finish())
    told = known_places(name.window, layout.markers.get(name.piece))
    places = places_of(bodies)
    known = dict(more_places(told, ours))
    everywhere = more_places(known, dict(places))
    if _begins(dict(everywhere), told):
        put_marker(services, tenant, name, MarkerBody(is_sealed=False, places=everywhere), deadline)
    coarser = _coarser_hours(name, layout)
    views = list(views_of(name, bodies, known, coarser, _expires_at_s(services, name)))
    services.views.put(tenant, views, deadline)
    bury(services, letters, deadline)
    services.telemetry.count(
        {"pieces_sealed": 1, "traces_looked_at": len(trace_ids), "traces_sealed": sums.sealed_traces}
        | {"traces_dead": len(letters), "views_written": len(views)}
    )
    return Put(places, frozenset({*bodies, *known, *coarser}))


def _begins(places: Places, known: Places) -> bool:
    """Whether something is, or goes, where nobody would look for it if this seal died."""
    return any(hour not in known or digests > known[hour] for hour, digests in places.items())


def _coarser_hours(name: PieceName, layout: Layout) -> set[int]:
    """The hours in which a coarser layout of the window may have rollups."""
    around = [name.piece[:length] for length in range(1, len(name.piece))]
    return set(chain.from_iterable(known_places(name.window, layout.markers.get(piece)) for piece in around))


def _add_all(
    services: Services, sums: PieceSums, sealing: Sealing, trace_ids: Sequence[str], deadline: Deadline
) -> list[DeadLetter]:
    """Add every trace to `sums`; letters about those that cannot be."""
    letters: list[DeadLetter] = []
    for found in read_traces(services, sealing.tenant, trace_ids, deadline):
        if deadline.remaining_s() < RESERVE_S and len(trace_ids) > 1:
            raise _OutOfTimeError
        reason = _add(services, sums, sealing, found, deadline)
        if reason is not None:
            letters.append(_letter(sealing, found.trace_id, reason))
    return letters


def _letter(sealing: Sealing, trace_id: str, reason: str) -> DeadLetter:
    return DeadLetter(
        name=f"{sealing.tenant}#{sealing.window:010d}#{trace_id}",
        reason=reason,
        about={"tenant": sealing.tenant, "window": sealing.window, "trace_id": trace_id},
    )


def _add(
    services: Services, sums: PieceSums, sealing: Sealing, found: TraceBlocks | Unreadable, deadline: Deadline
) -> str | None:
    """Add a trace; why it is a dead letter, or None."""
    if isinstance(found, Unreadable):
        return found.error.detail
    try:
        if found.blocks is not None:
            sums.add(found.blocks)
            if found.others:
                add_joined(sums, sealing, services.settings, [*found.blocks, *found.others])
            return None
        return add_large(services, sealing.tenant, found.trace_id, sealing.window, sums, deadline)
    except (UnreadableBlock, *UNEXPECTED) as error:
        return reason_of(services, error)


def _expires_at_s(services: Services, name: PieceName) -> int:
    return name.window + services.settings.retention_s
