import io

import pytest

from chalicelib.cli.lines import Feed, main
from chalicelib.codecs.otlp.spans import to_spans
from chalicelib.model.access import Scope
from tests.clocks import NOON_NS
from tests.function_lines import MS, TIMED_OUT, TRACE_ID, end, report, start
from tests.in_memory import services_in_memory


@pytest.fixture
def sent():
    return []


@pytest.fixture
def feed(sent):
    return Feed(lambda message: sent.extend(to_spans(message)), lambda: NOON_NS // MS + 3000)


def names(sent):
    return [(span.name, span.end_ns - span.start_ns) for span in sent]


def test_spans_go_to_the_backend_and_everything_else_to_standard_output(client, capsys):
    out = io.StringIO()
    lines = ["START\n", start() + "\n", "hello\n", end() + "\n", report(), "the last, without its end"]
    assert main(["--url", client.url], lines, out) == 0
    assert out.getvalue() == "".join([lines[0], lines[2], *lines[4:]])
    spans = client.get(f"/v1/traces/{TRACE_ID}/assembly").json()["spans"]
    assert [span["name"] for span in spans] == ["checkout"]
    assert capsys.readouterr().err == ""


def test_a_key_is_shown_where_one_is_asked_for(client_of, key_gate, key_for, capsys):
    client = client_of(services_in_memory(gate=key_gate))
    assert main(["--url", client.url], [end()], io.StringIO()) == 1
    assert "401" in capsys.readouterr().err
    assert main(["--url", client.url, "--key", key_for(Scope.INGEST)], [end()], io.StringIO()) == 0


def test_a_backend_that_is_not_there_is_told_of_and_the_function_s_own_lines_go_on(capsys):
    out = io.StringIO()
    assert main(["--url", "http://127.0.0.1:9"], [end() + "\n", "hello\n"], out) == 1
    assert out.getvalue() == "hello\n"
    assert capsys.readouterr().err.startswith("spanfold: ")


def test_an_invocation_that_died_is_closed(feed, sent):
    assert [feed.hear(text) for text in (start(), "hello", TIMED_OUT)] == [True, False, False]
    assert names(sent) == [("checkout", 3000 * MS)]


def test_one_that_ended_is_forgotten(feed, sent):
    for text in (start(), end(), TIMED_OUT, TIMED_OUT):
        feed.hear(text)
    assert names(sent) == [("checkout", 20 * MS)]
    assert feed._open == {}


def test_a_line_that_cannot_be_read_is_told_of(capsys):
    assert main([], ['{"__spanfold":1}\n'], io.StringIO()) == 1
    assert capsys.readouterr().err.startswith("spanfold: not a line of spans")
