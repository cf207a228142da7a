import json
import os
import subprocess
import sys

import pytest

from chalicelib.cli.sampling import NO_POLICIES, main, put, read_blocks, shown, switched, table, tried
from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.codecs.otlp.spans import from_spans
from chalicelib.model.errors import PolicyError
from chalicelib.settings import Settings
from chalicelib.storage.memory import MemorySamplingStore
from chalicelib.views.judging import read_policies
from tests.actors import failure, span

FAILED = {"name": "failures", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
SLOW = {"name": "slow", "type": "latency", "latency": {"threshold_ms": 1000}}
QUARTER = {"name": "a quarter", "type": "probabilistic", "probabilistic": {"sampling_percentage": 25}}
REGEX = {"key": "k", "values": ["a)(b"], "enabled_regex_matching": True}
PATTERN = {"name": "p", "type": "string_attribute", "string_attribute": REGEX}
DOCUMENT = json.dumps({"policies": [FAILED, QUARTER]}).encode()
LOW, HIGH, BROKEN = ("0" * 17 + "1" + end * 14 for end in "0f3")


@pytest.fixture
def store() -> MemorySamplingStore:
    return MemorySamplingStore()


@pytest.fixture
def file(tmp_path):
    """Writes a file and gives its name."""

    def write(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def test_policies_that_are_put_are_shown_as_they_were_written(store):
    assert shown(store, "acme") == NO_POLICIES
    assert put(store, "acme", DOCUMENT) == "acme: 2 policies: failures, a quarter"
    assert shown(store, "acme") == DOCUMENT.decode()
    assert shown(store, "other") == NO_POLICIES


def test_policies_that_are_wrong_are_not_put(store):
    with pytest.raises(PolicyError):
        put(store, "acme", b"{}")
    assert shown(store, "acme") == NO_POLICIES


def test_policies_rest_and_wake_unchanged(store):
    put(store, "acme", DOCUMENT)
    assert "(resting)" in switched(store, "acme", enabled=False)
    assert read_policies(store.find_sampling("acme")).enabled is False
    switched(store, "acme", enabled=True)
    assert read_policies(store.find_sampling("acme")) == read_policies(DOCUMENT)


def test_who_has_no_policies_is_told_so(store):
    with pytest.raises(ValueError, match="acme has no policies"):
        switched(store, "acme", enabled=False)


def sent(as_json: bool = False) -> bytes:
    spans = [
        span("fine", trace_id=LOW),
        span("lucky", trace_id=HIGH),
        span("broken", trace_id=BROKEN, **failure()),
        span("child", trace_id=BROKEN, at=(5, 6)),
    ]
    message = from_spans(spans)
    return otlp_json.encode(message) if as_json else message.SerializeToString()


@pytest.mark.parametrize("as_json", [True, False])
def test_policies_are_tried_on_traces_in_a_file(as_json):
    found = tried(read_policies(DOCUMENT), read_blocks(sent(as_json), Settings()), 60)
    assert [(one.trace.trace_id, one.is_kept, one.stands_for, one.wanted_by) for one in found] == [
        (LOW, False, 0, ()),
        (BROKEN, True, 1, ("failures",)),
        (HIGH, True, 4, ("a quarter",)),
    ]
    assert table(found).splitlines()[1:] == [
        f"dropped       0.00  {LOW}      1  -",
        f"kept          1.00  {BROKEN}      2  failures",
        f"kept          4.00  {HIGH}      1  a quarter",
        "2 of 3 traces, 3 of 4 spans; they stand for 5.0 traces",
    ]


def test_the_times_in_an_old_file_are_taken_as_they_are():
    old = from_spans([span("slow", start_ns=10**18, end_ns=10**18 + 2 * 10**9)]).SerializeToString()
    policies = read_policies(json.dumps({"policies": [SLOW]}).encode())
    assert [one.is_kept for one in tried(policies, read_blocks(old, Settings()), 60)] == [True]


def test_trying_and_checking_are_one_command_each_and_touch_no_store(file, capsys):
    policies, traces = file("policies.json", DOCUMENT), file("traces.bin", sent())
    assert main(["check", policies]) == 0
    assert main(["try", policies, traces, traces]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "2 policies: failures, a quarter"
    assert said[-1] == "2 of 3 traces, 3 of 4 spans; they stand for 5.0 traces"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"policies": [{"name": "p", "type": "traceql", "traceql": {"query": "{ name = }"}}]}', "line 1, column 10"),
        (b'{"policies": [{"name": "p", "type": "traceql", "traceql": {"query": "{} | rate()"}}]}', "metrics"),
        (
            json.dumps({"policies": [PATTERN]}).encode(),
            "$.policies[0].string_attribute.values[0]",
        ),
        (b"policies:", "not JSON"),
    ],
)
def test_what_is_wrong_with_a_document_is_one_line_and_exit_code_1(file, capsys, content, words):
    assert main(["check", file("policies.json", content)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err


def test_a_file_that_is_not_there_or_holds_no_traces_is_one_line_and_exit_code_1(file, capsys):
    assert main(["check", "nowhere.json"]) == 1
    assert main(["try", file("policies.json", DOCUMENT), file("traces.bin", b"\x07")]) == 1
    said = capsys.readouterr().err
    assert "nowhere.json" in said
    assert "not an OTLP" in said


@pytest.mark.parametrize("arguments", [[], ["get"], ["set"], ["try", "policies.json"]])
def test_what_cannot_be_asked_is_not_done(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage:" in capsys.readouterr().err


def test_who_cannot_reach_the_control_table_is_told_so_in_one_line():
    without_aws = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = {**without_aws, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-m", "chalicelib.cli.sampling", "show"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
