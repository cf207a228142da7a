"""Run the workflow on this machine, send its traces to a running server, and say where to read them."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from chalicelib.codecs.carried import Limits, read_carried
from chalicelib.codecs.cloudwatch_logs.invocations import closed
from chalicelib.codecs.cloudwatch_logs.subscription import awslogs_payload
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.spans import from_spans
from examples.shop.__main__ import DEFAULT_ENDPOINT, unreachable
from examples.workflow.scenes import Customer, Scene, play
from examples.workflow.stage.stage import Differences, staged
from infra.library import copy

TEMPLATE = Path(__file__).with_name("template.yaml")
LIMITS = Limits(decompressed_bytes=20 * 1024 * 1024, nesting_depth=32)
TIMEOUT_S = 10
CHARGE_LIMIT_S = 1.0  # nobody wants to watch a card network hang for ten


class Sender:
    """Posts to a server what its function `receive_logs` would take out of the functions' logs."""

    def __init__(self, endpoint: str, key: str | None) -> None:
        self._address = f"{endpoint}/v1/traces"
        self._key = {"x-api-key": key} if key else {}

    def deliver(self, event: dict[str, Any]) -> None:
        """The spans of a log subscription's event. Raises URLError if the server does not take them."""
        carried = read_carried(awslogs_payload(event), LIMITS)
        messages = [decoded.message for decoded in carried.posts]
        messages += [from_spans(spans) for spans in (closed([part]) for part in carried.unfinished) if spans]
        for message in messages:
            self.post(protobuf.encode(message), "application/x-protobuf")

    def post(self, body: bytes, media_type: str = "application/json") -> None:
        """Raises URLError if the server does not take it."""
        request = Request(self._address, body, {"Content-Type": media_type, **self._key})  # noqa: S310  # as chosen
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            answer.read()


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was taken, 1 when no server answers or one refuses."""
    chosen = _parse(arguments)
    problem = unreachable(chosen.endpoint)
    if problem is not None:
        print(f"{chosen.endpoint} does not answer ({problem}); is `make run` running?", file=sys.stderr)
        return 1
    began = time.monotonic()
    try:
        scenes = _played(Sender(chosen.endpoint, chosen.key))
    except URLError as refused:
        print(f"{chosen.endpoint} did not take everything: {refused}", file=sys.stderr)
        return 1
    print(_summary(chosen.endpoint, scenes, time.monotonic() - began))
    return 0


def _played(sender: Sender) -> list[Scene]:
    differences = Differences(timeouts_s={"Charge": CHARGE_LIMIT_S})
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(folder))
        with staged(TEMPLATE, Path(folder), sender.deliver, differences) as stage:
            return play(stage, Customer(stage, sender.post))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.workflow", description=__doc__)
    parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT, type=lambda text: text.rstrip("/"))
    parser.add_argument("--key", help="sent as x-api-key")
    return parser.parse_args(arguments)


def _summary(endpoint: str, scenes: Sequence[Scene], took_s: float) -> str:
    lines = [f"{len(scenes)} traces of a workflow of six functions sent to {endpoint} in {took_s:.1f} s:"]
    for scene in scenes:
        address = f"{endpoint}/v1/traces/{scene.trace_id}"
        lines += [f"  {scene.what:<26}  {scene.trace_id}", f"    {address}/assembly"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
