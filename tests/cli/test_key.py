import os
import subprocess
import sys

import pytest

from chalicelib.access.gates import KeyGate
from chalicelib.access.keys import RANDOM_BYTES
from chalicelib.cli.key import make_key, parser
from chalicelib.model.access import Scope

NOON_S = 1_700_000_000


def made(keys, *arguments: str) -> str:
    return make_key(keys, parser().parse_args(arguments), b"\x05" * RANDOM_BYTES, now_s=NOON_S)


def test_a_key_opens_the_gate_for_its_tenant_and_scopes(keys):
    text = made(keys, "--tenant", "acme", "--scope", "ingest", "--scope", "read")
    principal = KeyGate(keys.find_key, lambda: NOON_S * 10**9).admit({"x-api-key": text}, Scope.READ)
    assert principal.tenant == "acme"
    assert principal.scopes == {Scope.INGEST, Scope.READ}


@pytest.mark.parametrize(("days", "expires_at_s"), [("1", NOON_S + 86_400), ("0", None)])
def test_a_key_expires_after_its_days_or_never(keys, days, expires_at_s):
    text = made(keys, "--scope", "read", "--days", days, "--note", "dashboard")
    record = keys.find_key(text.split("_")[1])
    assert record.expires_at_s == expires_at_s
    assert record.note == "dashboard"


@pytest.mark.parametrize("arguments", [[], ["--scope", "write"], ["--scope", "read", "--days", "-1"]])
def test_a_key_that_is_for_nothing_known_is_not_made(arguments, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(arguments)
    assert "usage:" in capsys.readouterr().err


def test_a_tenant_misnamed_is_one_line_and_exit_code_1():
    command = [sys.executable, "-m", "chalicelib.cli.key", "--scope", "read", "--tenant", "A B"]
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "tenant 'A B'" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "You must specify a region"),
        ({"AWS_PROFILE": "nobody"}, "profile (nobody) could not be found"),
        ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, "credentials"),
    ],
)
def test_surroundings_that_lack_something_are_one_line_that_names_it(variables, says, tmp_path):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SPANFOLD_"))}
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    without_metadata = {"AWS_EC2_METADATA_DISABLED": "true"}
    ended = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli.key", "--scope", "read"],
        env=inherited | nowhere | without_metadata | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1
