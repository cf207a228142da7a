"""Prints how many bytes per span the process grew by while 100,000 spans were assembled, at its peak.

A program of its own, because a process's peak cannot be reset: `python -m tests.assembly.peak_memory SHAPE`.
"""

import resource
import sys

from chalicelib.assembly.steps import assemble
from tests.assembly.shapes import COUNT, large


def peak_bytes() -> int:
    """The largest the process has been so far. Linux counts in KiB, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    spans = large(sys.argv[1])
    before = peak_bytes()
    trace = assemble(spans)
    sys.stdout.write(str((peak_bytes() - before) // COUNT))
