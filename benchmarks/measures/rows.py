"""Rows of the table, and how CPU is taken: process time, interleaved with the floor, medians."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure. `limit` is the most that meets the target; None where there is none."""

    measure: str
    measured: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target is met, and if not, by what factor it is missed."""
        if self.limit is None:
            return ""
        return "met" if self.measured <= self.limit else f"missed, {self.measured / self.limit:.2f} times the target"


def table(rows: Sequence[Row]) -> str:
    """The rows as a table for a terminal."""
    cells = [("measure", "target", "measured", "verdict", "note")] + [
        (
            row.measure,
            "" if row.limit is None else f"<= {row.limit:g} {row.unit}",
            f"{row.measured:.4g} {row.unit}",
            row.verdict,
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in cells
    )


def cpu_seconds(*works: Callable[[], object], rounds: int) -> list[float]:
    """Median CPU of each of `works`, run in turns, so that a busy moment of the machine meets them all alike."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:
        work()  # what is made on first use is made now
    for _ in range(rounds):
        for work, times in zip(works, taken, strict=True):
            gc.collect()
            started = process_time()
            work()
            times.append(process_time() - started)
    return [median(times) for times in taken]
