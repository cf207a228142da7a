"""`python -m chalicelib.cli.rebuild --yes`: drop every view and make it again from the facts.

The tables are those that the environment names (SPANFOLD_*_TABLE, and the SDK's own region, credentials and
AWS_ENDPOINT_URL_DYNAMODB). Search, graph and metrics know little until it is done; reading by id and writing go on.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError
from chalicelib.settings import BadSetting

_PATIENCE_NS = 7 * 24 * 3600 * 1_000_000_000  # nobody waits for an answer; a store that is busy is waited for

Say = Callable[[str], None]


def main(arguments: Sequence[str]) -> int:
    """Rebuild; the exit code. Progress goes to standard error, what was done to standard output."""
    asked = parser().parse_args(arguments)
    if not asked.yes:
        print("spanfold: every view will be dropped; say --yes if that is meant", file=sys.stderr)
        return 2
    try:
        return _rebuild(lambda line: print(line, file=sys.stderr))
    except (BadSetting, StoreError, ValueError) as wrong:
        reasons = "; ".join([str(wrong), *getattr(wrong, "__notes__", ())])
        print(f"spanfold: the views are not complete: {reasons}; begin again", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    description = "Drop every view and make it again from the facts."
    made = argparse.ArgumentParser(prog="python -m chalicelib.cli.rebuild", description=description)
    made.add_argument("--yes", action="store_true", help="drop the views that there are")
    return made


def _rebuild(say: Say) -> int:
    from chalicelib import wiring  # noqa: PLC0415  # --help needs no store
    from chalicelib.views.rebuild import rebuild  # noqa: PLC0415

    services = wiring.services()
    scan = wiring.stores(services.settings).scan
    started = time.monotonic()
    deadline = Deadline(time.time_ns() + _PATIENCE_NS, time.time_ns)
    rebuilt = rebuild(services, scan, deadline, say)
    print(
        f"{rebuilt.views_dropped} views dropped; {rebuilt.blocks} blocks with {rebuilt.spans} spans read;"
        f" {rebuilt.segments} segments, {rebuilt.windows} windows and {rebuilt.merges} merged hours made"
        f" in {time.monotonic() - started:.0f} s"
    )
    if rebuilt.dead or rebuilt.unreadable:
        told = rebuilt.unreadable or "see the dead letters"
        print(f"spanfold: {rebuilt.dead} blocks could not be indexed: {told}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
