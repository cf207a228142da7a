"""Run the W3C's suite for Trace Context against an example: `python -m tests.conformance --suite PATH`.

PATH is the directory `test` of a copy of w3c/trace-context. Its harness needs aiohttp, which ours does not: name the
Python that has it. Exit status: the suite's own, the number of its failures and errors. Without --suite, the
example is served until it is interrupted.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.conformance.service import load, serving

LEVELS = {"SPEC_LEVEL": "2", "STRICT_LEVEL": "2"}


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    asked.add_argument("--suite", type=Path, help="the directory that holds the suite's test.py")
    asked.add_argument("--python", default=sys.executable, help="an interpreter with aiohttp")
    asked.add_argument(
        "--app", default="tests.conformance.formats_only:handler", help="module:attribute of the example"
    )
    asked.add_argument("patterns", nargs="*", help="classes or methods of the suite; all of it by default")
    given = asked.parse_args()
    with serving(load(given.app)) as url:
        sys.stdout.write(f"serving {given.app} at {url}\n")
        sys.stdout.flush()
        return run(given.suite, given.python, url, given.patterns) if given.suite else wait()


def run(suite: Path, python: str, url: str, patterns: list[str]) -> int:
    """The suite's exit status. Raises OSError where there is no such interpreter or directory."""
    command = [python, "test.py", url, *patterns]
    return subprocess.run(command, cwd=suite, env=os.environ | LEVELS, check=False).returncode  # noqa: S603


def wait() -> int:
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
