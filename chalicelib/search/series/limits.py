"""How much one answer may hold, so that whoever asks for every second by every user is told so, and nothing is killed.

Both are of an answer as a whole, and both raise AnswerTooLarge, whose words say how to ask for less.
"""

from chalicelib.model.errors import AnswerTooLarge

MAX_CELLS = 300_000  # intervals of series in which something was counted, while traces come: some 400 bytes each
MAX_SAMPLES = 300_000  # of the series that come out, gaps and zeros included


class Allowance:
    """What is left of `most` things that are called `what`."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._left = most
        self._what = what

    def take(self, count: int) -> None:
        """Use so many of them; negative gives them back. Raises AnswerTooLarge when there are not so many."""
        self._left -= count
        if self._left < 0:
            raise AnswerTooLarge(
                f"more than {self._most} {self._what}; ask for a larger step, a shorter range, or fewer series"
            )


def cells() -> Allowance:
    """For one query, while traces are added."""
    return Allowance(MAX_CELLS, "values at once")


def samples() -> Allowance:
    """For one query, when its series are worked out."""
    return Allowance(MAX_SAMPLES, "samples")
