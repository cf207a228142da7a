import subprocess
import sys

from chalicelib.cli.rebuild import main


def test_nothing_is_dropped_unless_that_is_said(capsys):
    assert main([]) == 2
    assert "--yes" in capsys.readouterr().err


def test_help_needs_no_store():
    finished = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli.rebuild", "--help"], capture_output=True, text=True, check=True
    )
    assert "Drop every view" in finished.stdout
