"""What a cold container pays before its first answer, against the least that any function with DynamoDB pays."""

import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measures import handler
from benchmarks.measures.canned import item_json
from benchmarks.measures.processes import run
from benchmarks.measures.rows import Row
from benchmarks.workloads.posts import ten_span_posts
from benchmarks.workloads.worlds import MEASURING

PAIRS = 9
ITEM = {"pk": {"B": bytes(16)}, "sk": {"B": bytes(20)}, "b": {"B": bytes(900)}, "n": {"N": "10"}}


def rows() -> list[Row]:
    """The table's rows."""
    body = ten_span_posts(MEASURING, 31, 1)[0].SerializeToString()
    with TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "post.json").write_text(json.dumps(handler.post(body)))
        (directory / "item.json").write_text(json.dumps(item_json(ITEM)))
        for scenario in ("cold-app", "cold-sdk"):
            run(scenario, directory)  # so that byte code is compiled
        pairs = [(run("cold-app", directory), run("cold-sdk", directory)) for _ in range(PAIRS)]
    ratio = median(app / sdk for app, sdk in pairs)
    app_ms, sdk_ms = (median(times) * 1e3 for times in zip(*pairs, strict=True))
    return [
        Row(
            measure="import of app.py and first post, over botocore's own",
            measured=ratio,
            unit="times",
            limit=1.3,
            note=f"{app_ms:.0f} ms against {sdk_ms:.0f} ms",
        )
    ]
