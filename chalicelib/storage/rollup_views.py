"""The rollups of an hour as whoever adds them up takes them. Pure.

A window that was sealed whole at first and in pieces later has both layouts (view_names.py).
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from chalicelib.model.view import View
from chalicelib.rollups.pieces import cover
from chalicelib.storage.view_names import parse_piece, window_of


def covering(views: Iterable[View]) -> Iterator[bytes]:
    """The bodies to add up, given the rollups of one hour in the order of their sort keys.

    Of each window those of the deepest pieces that hold every trace once, by piece. Raises ValueError for other views.
    """
    for _, group in groupby(views, key=lambda view: window_of(view.sort)):
        bodies = {parse_piece(view.sort).piece: view.body for view in group}
        yield from (bodies[piece] for piece in sorted(cover(bodies)))
