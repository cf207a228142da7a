"""`python -m chalicelib.cli.executions ARN …`: fetch executions of Step Functions, and send them as spans.

Reads DescribeExecution and GetExecutionHistory (the policy needs states:DescribeExecution and
states:GetExecutionHistory; express executions have no history, only log events), and posts to a Spanfold's
/v1/step-functions/history. Where that is and the key for it are as exporters have it: OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_EXPORTER_OTLP_HEADERS (`x-api-key=…`).
"""

import argparse
import gzip
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote
from urllib.request import Request, urlopen

import msgspec

_PATH = "/v1/step-functions/history"
_TIMEOUT_S = 30
Post = Callable[[bytes], bytes]


def main(arguments: Sequence[str]) -> int:
    """Send each; the exit code is 1 if one could not be."""
    asked = parser().parse_args(arguments)
    import boto3  # noqa: PLC0415  # --help needs none
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    failures = 0
    for arn in asked.arn:
        try:
            taken = send(
                boto3.client("stepfunctions", region_name=region_of(arn)), arn, poster(asked.endpoint, os.environ)
            )
        except HTTPError as refused:
            print(f"spanfold: {arn}: {refused.code} {refused.read().decode(errors='replace')}", file=sys.stderr)
            failures += 1
        except (BotoCoreError, ClientError, URLError, ValueError) as wrong:
            print(f"spanfold: {arn}: {wrong}", file=sys.stderr)
            failures += 1
        else:
            print(f"{taken.get('traceId')} {taken.get('spanCount')} spans{' so far' if taken.get('running') else ''}")
    return min(failures, 1)


def send(states: Any, arn: str, post: Post) -> Mapping[str, Any]:
    """Fetch one execution from the client `states` and post it; what was answered. Raises what the two raise."""
    described = states.describe_execution(executionArn=arn)
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 1000}
    )
    events = [event for page in pages for event in page["events"]]
    known = {key: described[key] for key in ("stateMachineArn", "mapRunArn") if key in described}
    body = msgspec.json.encode({"executionArn": arn, "execution": known, "events": events})
    answer: Mapping[str, Any] = msgspec.json.decode(post(body), type=dict)
    return answer


def poster(endpoint: str, environ: Mapping[str, str]) -> Post:
    """Posts a body to a Spanfold, gzipped, with the headers that exporters are told to send."""
    pairs = (pair.partition("=") for pair in environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",") if "=" in pair)
    headers = {name.strip(): unquote(value.strip()) for name, _, value in pairs}
    headers |= {"content-type": "application/json", "content-encoding": "gzip"}
    if not endpoint.startswith(("http://", "https://")):
        raise ValueError(f"{endpoint!r} is no address of a Spanfold")

    def post(body: bytes) -> bytes:
        request = Request(endpoint.rstrip("/") + _PATH, gzip.compress(body), headers)  # noqa: S310  # looked at above
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content

    return post


def region_of(arn: str) -> str | None:
    """The region of an ARN; None if it names none."""
    return dict(enumerate(arn.split(":"))).get(3) or None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    description = "Fetch executions of Step Functions, and send them to a Spanfold as spans."
    made = argparse.ArgumentParser(prog="python -m chalicelib.cli.executions", description=description)
    made.add_argument("arn", nargs="+", help="the ARN of an execution")
    made.add_argument(
        "--endpoint",
        default=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:8000"),
        help="where Spanfold is (default: OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:8000)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
