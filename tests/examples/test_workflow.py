"""The demo of the workflow. What its traces look like is tests/end_to_end/test_workflow.py's subject."""

from examples.workflow.__main__ import main
from tests.examples.test_shop import serving


def test_a_server_that_refuses_is_an_error_and_is_told_in_one_line(capsys):
    with serving(401) as (_, address):
        assert main(["--endpoint", address, "--key", "sfk_x"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "did not take everything" in said.err
    assert "401" in said.err


def test_without_a_server_one_line_says_so(capsys):
    assert main(["--endpoint", "http://127.0.0.1:9"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "http://127.0.0.1:9 does not answer" in said.err
