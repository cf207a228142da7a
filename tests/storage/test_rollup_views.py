"""Which rollups of an hour are added up."""

import pytest

from chalicelib.model.view import View
from chalicelib.storage.rollup_views import covering
from chalicelib.storage.view_names import PieceName, piece_sort


def rollups(*names: tuple[int, str]) -> list[View]:
    """One for each (window, piece), its body its name."""
    sorts = sorted(piece_sort(PieceName(window, piece)) for window, piece in names)
    return [View(partition="rol#0", sort=sort, body=sort.encode(), expires_at_s=1) for sort in sorts]


def taken(*names: tuple[int, str]) -> list[str]:
    return [body.decode() for body in covering(rollups(*names))]


def test_of_a_window_that_was_cut_later_only_the_pieces_count():
    assert taken((60, "-"), (60, "-0"), (60, "-1")) == ["0000000060#-0", "0000000060#-1"]


def test_pieces_that_are_not_all_there_do_not_stand_in_place_of_the_whole():
    assert taken((60, "-"), (60, "-0")) == ["0000000060#-"]


def test_every_window_is_looked_at_by_itself():
    assert taken((120, "-"), (60, "-0")) == ["0000000060#-0", "0000000120#-"]


def test_what_is_no_rollup_is_refused():
    with pytest.raises(ValueError, match="piece"):
        taken((60, "whole"))
