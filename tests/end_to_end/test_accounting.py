"""Every span that was sent is in the account: stored or rejected, and told to the sender and to the operator alike."""

import base64
import json as stdlib_json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.codecs.otlp.messages import ResourceSpans, TracesData
from tests import faults as f
from tests.codecs.otlp.actors import TRACE, attributes, message, sent_by, span, told
from tests.end_to_end.backend import JSON, MEDIA_TYPES, PROTOBUF, Backend, read_message
from tests.engines import moto_tables

ROOT = Path(__file__).parent.parent.parent

# How a span can be wrong by itself, as it looks in each media type.
WRONG_IN_PROTOBUF = {
    "short trace id": span(1, b"\x01").SerializeToString(),
    "trace id of zeros": span(1, bytes(16)).SerializeToString(),
    "no trace id": span(1, b"").SerializeToString(),
    "long span id": span(span_id=b"\x01" * 9).SerializeToString(),
    "span id of zeros": span(span_id=bytes(8)).SerializeToString(),
    "cut short": span(1).SerializeToString()[:-3],
}
GOOD_IN_JSON = {"traceId": TRACE.hex(), "spanId": "00f067aa0ba902b7", "name": "good"}
WRONG_IN_JSON = {
    "short trace id": GOOD_IN_JSON | {"traceId": "01"},
    "trace id of zeros": GOOD_IN_JSON | {"traceId": "0" * 32},
    "no trace id": {"spanId": "00f067aa0ba902b7"},
    "trace id that is no hex": GOOD_IN_JSON | {"traceId": "x" * 32},
    "span id of zeros": GOOD_IN_JSON | {"spanId": "0" * 16},
    "time that is no number": GOOD_IN_JSON | {"startTimeUnixNano": "noon"},
    "no object": 7,
}


class Post(NamedTuple):
    """A body with `good` different spans that can be kept, some again, and `wrong` ones that cannot."""

    media: str
    good: int
    repeats: int
    wrong: tuple[str, ...]

    def body(self) -> bytes:
        return self._in_json() if self.media == JSON else self._in_protobuf()

    def _in_protobuf(self) -> bytes:
        spans = [span(n + 1).SerializeToString() for n in range(self.good)]
        everything = [*spans, *spans[: self.repeats], *(WRONG_IN_PROTOBUF[name] for name in self.wrong)]
        scope_spans = b"".join(_field(2, each) for each in everything)
        return _field(1, ResourceSpans(schema_url="s").SerializeToString() + _field(2, scope_spans))

    def _in_json(self) -> bytes:
        spans = [GOOD_IN_JSON | {"spanId": f"{n + 1:016x}"} for n in range(self.good)]
        everything = [*spans, *spans[: self.repeats], *(WRONG_IN_JSON[name] for name in self.wrong)]
        return stdlib_json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": everything}]}]}).encode()

    @property
    def account(self) -> dict[str, int]:
        """What the counts must be, those of zero left out."""
        stored = self.good + min(self.repeats, self.good)
        counts = {
            "spans_received": stored + len(self.wrong),
            "spans_stored": stored,
            "spans_rejected": len(self.wrong),
            "spans_duplicate": stored - self.good,
            "bytes_received": len(self.body()),
        }
        return {name: number for name, number in counts.items() if number}


def _field(number: int, body: bytes) -> bytes:
    """A length-delimited field, with its length in two bytes or one."""
    size = len(body)
    assert size < 1 << 14
    return bytes([number << 3 | 2, *([size & 0x7F | 0x80, size >> 7] if size > 0x7F else [size])]) + body


def rejected_in(body: bytes, media: str) -> int:
    """The number that the sender is told; read from the wire by hand."""
    if media == JSON:
        return int(stdlib_json.loads(body).get("partialSuccess", {}).get("rejectedSpans", 0))
    if not body:
        return 0
    assert body[0] == 0x0A  # partial_success
    inner = body[2:] if body[1] < 0x80 else body[3:]
    return inner[1] if inner[0] == 0x08 else 0


def posts(media: str) -> st.SearchStrategy[Post]:
    wrong = WRONG_IN_JSON if media == JSON else WRONG_IN_PROTOBUF
    wrongs = st.lists(st.sampled_from(sorted(wrong)), max_size=4).map(tuple)
    return st.builds(Post, media=st.just(media), good=st.integers(0, 6), repeats=st.integers(0, 3), wrong=wrongs)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=st.lists(posts(JSON) | posts(PROTOBUF), min_size=1, max_size=3))
def test_what_was_received_is_stored_or_rejected_and_what_was_stored_can_be_read(sent):
    with moto_tables() as connection:
        backend = Backend(connection)
        for post in sent:
            backend.telemetry.counts.clear()
            reply = backend.ask("POST", "/v1/traces", {"Content-Type": post.media}, post.body())
            assert reply.status == 200
            assert {name: n for name, n in backend.telemetry.counts.items() if n} == post.account
            assert rejected_in(reply.body, post.media) == len(post.wrong)
        if any(post.good for post in sent):
            read = told(read_message(backend.get(f"/v1/traces/{TRACE.hex()}")))
            by_media = [max((post.good for post in sent if post.media == media), default=0) for media in MEDIA_TYPES]
            assert read.total() == sum(by_media)


def test_the_deployed_function_gives_the_same_account_in_cloudwatchs_format():
    """Powertools prints one line of metrics per request; nothing else may be added up differently."""
    sent = [
        Post(PROTOBUF, 6, 2, tuple(WRONG_IN_PROTOBUF)),
        Post(JSON, 5, 1, tuple(WRONG_IN_JSON)),
        Post(PROTOBUF, 3, 0, ()),
        Post(JSON, 0, 0, ("no object",)),
    ]
    asked = [
        {
            "method": "POST",
            "path": "/v1/traces",
            "headers": {"Content-Type": post.media},
            "body": base64.b64encode(post.body()).decode(),
        }
        for post in sent
    ]
    unreadable = {**asked[0], "body": base64.b64encode(b"\xff").decode()}
    reading = {"method": "GET", "path": f"/v1/traces/{TRACE.hex()}", "headers": {}, "body": ""}
    said, answers = run_deployed([*asked, unreadable, reading])

    assert [answer["status"] for answer in answers] == [200, 200, 200, 200, 400, 200]
    metrics = [line for line in said if "_aws" in line]
    assert [counts_of(line) for line in metrics] == [*(post.account for post in sent), {"bytes_received": 1}]
    total = sum((Counter(counts_of(line)) for line in metrics), Counter())
    assert total["spans_received"] == total["spans_stored"] + total["spans_rejected"]
    for post, answer in zip(sent, answers, strict=False):
        assert rejected_in(base64.b64decode(answer["body"]), post.media) == post.account.get("spans_rejected", 0)
    assert {line["message"] for line in said if "_aws" not in line} == {"spans were rejected"}


def counts_of(line: dict) -> dict[str, int]:
    """The metrics in a line of CloudWatch's embedded metric format."""
    [told_of] = line["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: int(sum(line[metric["Name"]])) for metric in told_of["Metrics"]}


def run_deployed(requests: list[dict]) -> tuple[list[dict], list[dict]]:
    """What the function said, and what it answered."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.deployed"],
        input="".join(stdlib_json.dumps(each) + "\n" for each in requests),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return (
        [stdlib_json.loads(line) for line in ended.stdout.splitlines()],
        [stdlib_json.loads(line) for line in ended.stderr.splitlines()],
    )


@pytest.mark.parametrize("media", MEDIA_TYPES)
def test_spans_of_a_post_that_was_not_taken_are_refused_and_counted_as_stored_when_it_comes_again(backend, media):
    post = Post(media, 4, 1, ("short trace id", "span id of zeros"))
    asked = ("POST", "/v1/traces", {"Content-Type": media}, post.body())
    with f.faults(f.always(f.throttled), backend.clock):
        assert backend.ask(*asked).status == 429
    counts = backend.telemetry.counts
    assert counts["spans_stored"] == 0
    assert counts["spans_received"] == counts["spans_rejected"] + counts["spans_refused"] == 7
    counts.clear()
    assert backend.ask(*asked).status == 200
    assert {name: n for name, n in counts.items() if n} == post.account


def test_a_value_that_is_cut_costs_no_span(backend):
    big = span(1, attributes=attributes(body="x" * 500_000))
    sent: TracesData = message(sent_by("cart", big, span(2)))
    reply = backend.post(sent)
    assert reply.status == 200
    assert rejected_in(reply.body, PROTOBUF) == 0
    assert b"cut" in reply.body
    counts = backend.telemetry.counts
    assert (counts["spans_received"], counts["spans_stored"], counts["values_cut"]) == (2, 2, 1)
    assert told(read_message(backend.get(f"/v1/traces/{TRACE.hex()}"))).total() == 2
