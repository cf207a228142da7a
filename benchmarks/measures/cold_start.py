"""What a cold container pays before its first answer, against the least that any function with DynamoDB pays.

The first post looks up its key (one GetItem) and keeps its spans (one BatchWriteItem). Byte code is compiled before
for both sides, into a directory of the measure's own: PYTHONDONTWRITEBYTECODE in somebody's environment would have
us compile our modules each time and the SDK, whose byte code pip made, not. What both cost without any byte code,
which is how `chalice deploy` fills a bundle, is a row without a target.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measures import handler
from benchmarks.measures.canned import item_json
from benchmarks.measures.processes import run
from benchmarks.measures.rows import Row
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING

ROUNDS = 9
SCENARIOS = ("cold-app", "cold-sdk", "cold-import")
ITEM = {"pk": {"B": bytes(16)}, "sk": {"B": bytes(20)}, "b": {"B": bytes(900)}, "n": {"N": "10"}}


def rows() -> list[Row]:
    """The table's rows."""
    body = ten_span_posts(MEASURING, 31, 1)[0].SerializeToString()
    with TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "post.json").write_text(json.dumps(handler.post(body)))
        (directory / "item.json").write_text(json.dumps(item_json(ITEM)))
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(directory / "compiled")}
        uncompiled = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(directory / "empty")}
        _times_ms(directory, compiled)
        warm = [_times_ms(directory, compiled) for _ in range(ROUNDS)]
        bare = [_times_ms(directory, uncompiled) for _ in range(ROUNDS // 2)]
    measure = "import of app.py and first post, over botocore's own"
    return [
        Row(measure=measure, measured=_ratio(warm), unit="times", limit=1.3, note=_note(warm)),
        Row(measure="the same where nothing is compiled", measured=_ratio(bare), unit="times", note=_note(bare)),
    ]


def _times_ms(directory: Path, variables: Mapping[str, str]) -> dict[str, float]:
    return {scenario: run(scenario, directory, variables) * 1e3 for scenario in SCENARIOS}


def _ratio(rounds: list[dict[str, float]]) -> float:
    """Of neighbours in time, because the machine's speed changes from one second to the next."""
    return median(times["cold-app"] / times["cold-sdk"] for times in rounds)


def _note(rounds: list[dict[str, float]]) -> str:
    app, sdk, imported = (median(times[scenario] for times in rounds) for scenario in SCENARIOS)
    return f"{app:.0f} ms ({imported:.0f} import, {app - imported:.0f} first post) against {sdk:.0f} ms"
