"""The first minute: what a newcomer is told when the set-up cannot go on."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def make_venv(directory, requirements, **environment):
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(  # noqa: S603  # our own script
        [shell, str(ROOT / "scripts" / "make-venv.sh"), str(directory), str(requirements)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_a_python_is_told_so_in_one_line(tmp_path):
    done = make_venv(tmp_path / "venv", ROOT / "requirements.txt", PATH="/usr/bin:/bin", PYTHON="no-such-python")
    assert done.returncode == 1
    assert done.stderr.startswith("spanfold: no Python >= 3.11 found (PYTHON=no-such-python)")
    assert done.stderr.count("\n") == 1


def test_a_set_up_that_failed_is_not_taken_for_done(tmp_path):
    missing = tmp_path / "missing.txt"
    done = make_venv(tmp_path / "venv", missing, PATH="/usr/bin:/bin", PYTHON=sys.executable)
    assert done.returncode == 1
    assert f"could not install what {missing} lists" in done.stderr
    assert not (tmp_path / "venv" / ".installed").exists()


def test_everything_that_ships_is_pinned_exactly():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in wanted if "==" not in line] == []
