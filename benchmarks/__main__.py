"""`python -m benchmarks [name …]`: one table of what Spanfold costs. README.md beside this says what each row means."""

import sys
from collections.abc import Callable

from benchmarks.measures import (
    cold_start,
    costs,
    derived,
    dialects,
    ingest,
    library,
    memory,
    reading,
    rollups,
    search,
)
from benchmarks.measures.rows import Row, table

MEASURES: dict[str, Callable[[], list[Row]]] = {
    "costs": lambda: [*costs.rows(), *derived.costs()],
    "ingest": ingest.rows,
    "dialects": dialects.rows,
    "cold-start": cold_start.rows,
    "reading": reading.rows,
    "memory": memory.rows,
    "derived": derived.rows,
    "rollups": rollups.rows,
    "search": search.rows,
    "library": library.rows,
}


def main(names: list[str]) -> int:
    """Measure what is named, or everything; 2 for a name that is none."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"no measure {unknown[0]!r}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or MEASURES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += MEASURES[name]()
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
