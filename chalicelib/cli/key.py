"""`python -m chalicelib.cli.key --tenant acme --scope ingest`: make an API key, and show it once.

The record goes to the control table that the environment names (SPANFOLD_CONTROL_TABLE, and the SDK's own region,
credentials and AWS_ENDPOINT_URL_DYNAMODB). Only the hash of the secret is kept: a lost key is replaced, not found.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from chalicelib.access.keys import RANDOM_BYTES, issue
from chalicelib.model.access import Scope
from chalicelib.model.errors import StoreError
from chalicelib.settings import BadSetting
from chalicelib.storage.port import KeyStore

S_PER_DAY = 86_400
DEFAULT_DAYS = 365


def main(arguments: Sequence[str]) -> int:
    """Make one key; the exit code. The key goes to standard output, what there is to say about it beside."""
    from chalicelib import wiring  # noqa: PLC0415  # --help needs no store
    from chalicelib.settings import of_process  # noqa: PLC0415

    asked = parser().parse_args(arguments)
    try:
        keys = wiring.stores(of_process()).keys
        text = make_key(keys, asked, os.urandom(RANDOM_BYTES), now_s=int(time.time()))
    except (BadSetting, StoreError, ValueError) as wrong:
        reasons = "; ".join([str(wrong), *getattr(wrong, "__notes__", ())])
        print(f"spanfold: no key was made: {reasons}", file=sys.stderr)
        return 1
    print(text)
    print("It is shown this once; only its hash is kept.", file=sys.stderr)
    return 0


def make_key(keys: KeyStore, asked: argparse.Namespace, random_bytes: bytes, now_s: int) -> str:
    """Put a record for what was asked, and give the key's text. Raises StoreError and ValueError."""
    token, record = issue(
        random_bytes,
        tenant=asked.tenant,
        scopes=frozenset(asked.scope),
        expires_at_s=now_s + asked.days * S_PER_DAY if asked.days else None,
        note=asked.note,
    )
    keys.put_key(record)
    return token.text()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m chalicelib.cli.key", description="Make an API key; shown once.")
    made.add_argument("--tenant", default="default", help="whose spans it takes and reads (default: default)")
    made.add_argument(
        "--scope",
        action="append",
        required=True,
        type=Scope,
        choices=list(Scope),
        metavar="|".join(Scope),
        help="what it is for; repeat for several. None implies another",
    )
    made.add_argument("--days", type=_days, default=DEFAULT_DAYS, help="valid that long; 0 for ever (default: 365)")
    made.add_argument("--note", default="", help="a few words for whoever lists the keys")
    return made


def _days(text: str) -> int:
    days = int(text)
    if days < 0:
        raise ValueError(text)
    return days


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
