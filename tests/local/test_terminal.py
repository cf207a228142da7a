import io

from chalicelib.local.terminal import TerminalTelemetry, say


def test_what_was_counted_is_said_once_in_words(capsys):
    telemetry = TerminalTelemetry()
    with telemetry.during("8a1c"):
        telemetry.count({"spans_received": 2, "spans_rejected": 0})
        telemetry.count({"spans_received": 1, "bytes_received": 90})
    assert capsys.readouterr().err[9:] == "3 spans received, 90 bytes received\n"


def test_a_request_without_counts_is_not_worth_a_line(capsys):
    with TerminalTelemetry().during("8a1c"):
        pass
    assert capsys.readouterr().err == ""


def test_lines_of_many_threads_stay_whole(monkeypatch):
    written = []
    terminal = io.StringIO()
    terminal.write = written.append
    monkeypatch.setattr("sys.stderr", terminal)
    say("one line")
    assert [text[9:] for text in written] == ["one line\n"]


def test_a_failure_comes_with_its_traceback(capsys):
    TerminalTelemetry().failure("POST / failed", ZeroDivisionError("by nought"))
    said = capsys.readouterr().err
    assert "POST / failed" in said
    assert "by nought" in said
