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


def refusal(*arguments: str, **variables: str) -> str:
    """What the command says that makes no key: one line on standard error."""
    command = [sys.executable, "-m", "chalicelib.cli.key", "--scope", "read", *arguments]
    without_aws = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = {**without_aws, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, **variables}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_a_tenant_misnamed_is_one_line_and_exit_code_1():
    assert "tenant 'A B'" in refusal("--tenant", "A B")


def test_who_has_no_region_is_told_so_in_one_line():
    assert "You must specify a region; check region" in refusal()


def test_who_has_no_credentials_is_told_so_in_one_line():
    said = refusal(AWS_DEFAULT_REGION="eu-west-1", AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    assert "Unable to locate credentials" in said


def test_who_names_a_profile_that_is_not_there_is_told_so_in_one_line():
    assert "profile (nobody) could not be found" in refusal(AWS_PROFILE="nobody")
