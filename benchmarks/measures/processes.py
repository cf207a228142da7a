"""Measures that need a process of their own: what a cold start costs, and how much memory is ever used.

    python -m benchmarks.measures.processes <scenario> [directory]

runs one scenario and prints one number: CPU seconds, or the highest resident size in MiB.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time

ROOT = Path(__file__).parents[2]


def run(scenario: str, directory: Path, variables: Mapping[str, str] | None = None) -> float:
    """The number that `scenario` prints, in a fresh interpreter with these environment variables besides our own."""
    command = [sys.executable, "-m", "benchmarks.measures.processes", scenario, str(directory)]
    environment = {**os.environ, **(variables or {})}
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode:
        raise RuntimeError(f"{scenario} failed:\n{finished.stderr[-2000:]}")
    return float(finished.stdout.splitlines()[-1])


def cold_app(directory: Path) -> float:
    """Import app.py and take a first post."""
    event = json.loads((directory / "post.json").read_bytes())
    started = process_time()
    from benchmarks.measures import handler  # noqa: PLC0415

    app = handler.import_app_for_writing()
    handler.invoke(app, event)
    return process_time() - started


def cold_import(_directory: Path) -> float:
    """Import app.py, and the SDK only as far as canning its answers asks for."""
    started = process_time()
    from benchmarks.measures import handler  # noqa: PLC0415

    handler.import_app_for_writing()
    return process_time() - started


def cold_sdk(directory: Path) -> float:
    """Import botocore, make a client, put one item."""
    item = json.loads((directory / "item.json").read_bytes())
    started = process_time()
    from benchmarks.measures.canned import answer_with, written  # noqa: PLC0415

    answer_with(written)
    import botocore.session  # noqa: PLC0415

    client = botocore.session.get_session().create_client("dynamodb")
    client.put_item(TableName="spanfold-facts", Item=item)
    return process_time() - started


def memory_of_post(directory: Path) -> float:
    """The largest post that is accepted, whatever form it is in."""
    from benchmarks.measures import handler  # noqa: PLC0415

    app = handler.import_app_for_writing()
    handler.invoke(app, json.loads((directory / "post.json").read_bytes()))
    return peak_mib()


def memory_of_read(directory: Path) -> float:
    """A large trace, read over canned Query pages; what is read and how is in `read.json`."""
    from benchmarks.measures import canned, handler  # noqa: PLC0415

    files = sorted(directory.glob("page-*.json"))
    tails = [_tail(file) for file in files]

    def answer(_operation: str, body: bytes) -> bytes:
        return files[canned.following(tails, body)].read_bytes()

    app = handler.import_app(answer)
    handler.invoke(app, json.loads((directory / "read.json").read_bytes()))
    return peak_mib()


def memory_of_index(directory: Path) -> float:
    """One full batch of the stream, from Lambda's event to the segment; `batch-0.json` has it."""
    from benchmarks.measures import derived_memory  # noqa: PLC0415

    derived_memory.index_batch((directory / "batch-0.json").read_bytes())
    return peak_mib()


def memory_of_seal(directory: Path) -> float:
    """The seal of a window whose facts and segments are in files."""
    from benchmarks.measures import derived_memory  # noqa: PLC0415

    derived_memory.seal_prepared(directory)
    return peak_mib()


def memory_of_search(directory: Path) -> float:
    """One search over digests that stay in files, by hour; what is asked is in `search.json`."""
    from benchmarks.measures import derived_memory  # noqa: PLC0415

    derived_memory.search(directory, json.loads((directory / "search.json").read_bytes()))
    return peak_mib()


def _tail(file: Path) -> bytes:
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - 400))
        return opened.read()


def peak_mib() -> float:
    """Of this process image alone: Linux lets ru_maxrss begin with the size of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


SCENARIOS: dict[str, Callable[[Path], float]] = {
    "cold-app": cold_app,
    "cold-import": cold_import,
    "cold-sdk": cold_sdk,
    "memory-of-index": memory_of_index,
    "memory-of-post": memory_of_post,
    "memory-of-read": memory_of_read,
    "memory-of-seal": memory_of_seal,
    "memory-of-search": memory_of_search,
}

if __name__ == "__main__":
    print(SCENARIOS[sys.argv[1]](Path(sys.argv[2])))
