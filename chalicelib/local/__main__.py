"""`python -m chalicelib.local`: the backend on this machine. HOST and PORT say where (127.0.0.1:8000)."""

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.local.engine import Engine
    from chalicelib.services import Gate

TENANT = "default"
GRAPH_AFTER_S = 15
NS_PER_DAY = 86_400 * 1_000_000_000

# A person who tries it out waits for seconds, not minutes.
LOCAL_DEFAULTS = {
    "SPANFOLD_SEAL_WINDOW_S": "5",
    "SPANFOLD_SEAL_QUIET_S": "5",
    "SPANFOLD_SEAL_GRACE_S": "1",
    "SPANFOLD_INDEX_BATCH_WINDOW_S": "1",
}


def main(environ: Mapping[str, str]) -> int:
    """Serve until told to stop; the exit code. What can be wrong with the surroundings is one line and 1."""
    started_s = time.perf_counter()
    from chalicelib.local.backend import assemble  # noqa: PLC0415
    from chalicelib.local.background import background  # noqa: PLC0415
    from chalicelib.local.engine import EngineUnreachable, engine  # noqa: PLC0415  # the clock is to see the imports
    from chalicelib.local.sampling import put_policies, put_strategies  # noqa: PLC0415
    from chalicelib.local.server import AddressTaken, listen, run, url_of  # noqa: PLC0415
    from chalicelib.local.terminal import TerminalTelemetry, say  # noqa: PLC0415
    from chalicelib.settings import BadSetting, from_environment  # noqa: PLC0415

    host = environ.get("HOST") or "127.0.0.1"
    try:
        settings = from_environment(LOCAL_DEFAULTS | {name: text for name, text in environ.items() if text})
        with listen(host, _port(environ)) as listener, engine(settings, environ) as made:
            open_to_all = is_loopback(host)
            gate = _gate(made, open_to_all=open_to_all)
            backend = assemble(settings, made, gate, TerminalTelemetry())
            put_policies(settings.sampling_file, made.stores.sampling, TENANT)
            put_strategies(settings.strategies_file, made.stores.sampling, TENANT)
            key = _first_key(made) if not open_to_all and made.embedded else None
            took_s = time.perf_counter() - started_s
            print(
                greeting(_local(url_of(listener)), made.description, took_s, open_to_all=open_to_all, key=key),
                flush=True,
            )
            with background(backend.functions, backend.sources, say):
                run(backend.app, listener, say)
    except (AddressTaken, BadSetting, EngineUnreachable) as wrong:
        print(f"spanfold: {wrong}", file=sys.stderr)
        return 1
    return 0


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    import ipaddress  # noqa: PLC0415

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def greeting(url: str, engine: str, took_s: float, *, open_to_all: bool, key: str | None) -> str:
    """What a newcomer needs to know, and can paste."""
    headers = f"\n  export OTEL_EXPORTER_OTLP_HEADERS=x-api-key={key or '<key>'}" if not open_to_all else ""
    curl = "curl" if open_to_all else f"curl -H 'x-api-key: {key or '<key>'}'"
    return f"""\
Spanfold answers at {url} (ready in {took_s:.1f} s, keeping spans in {engine}).
{_about_access(open_to_all=open_to_all, key=key)}

Point an OpenTelemetry SDK at it:

  export OTEL_EXPORTER_OTLP_ENDPOINT={url}
  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
  export OTEL_SERVICE_NAME=my-service{headers}

Read a trace back:

  {curl} {url}/v1/traces/<trace id>
  {curl} {url}/v1/traces/<trace id>/assembly

Or find it: by any attribute within seconds, in the graph some {GRAPH_AFTER_S} seconds later.

  {curl} -G {url}/v1/search --data-urlencode 'q={{ status = error }}'
  {curl} {url}/v1/graph

Grafana takes {url}/tempo for a Tempo data source.

Ctrl-C stops it."""


def _local(url: str) -> str:
    """`url`, with the address of this machine for "every address", which nobody can connect to everywhere."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _about_access(*, open_to_all: bool, key: str | None) -> str:
    if open_to_all:
        return f'It is open to this machine alone: no key is asked for, and everything belongs to tenant "{TENANT}".'
    reached = "Other machines can reach it by this one's name or address, so it asks for a key"
    if key:
        return f"{reached}. This one takes and reads spans for 30 days:\n\n  {key}"
    return f"{reached}; make one with `python -m chalicelib.cli.key`."


def _gate(made: "Engine", *, open_to_all: bool) -> "Gate":
    from chalicelib.access.gates import KeyGate, OpenGate  # noqa: PLC0415

    return OpenGate(TENANT) if open_to_all else KeyGate(made.stores.keys.find_key, time.time_ns)


def _first_key(made: "Engine") -> str:
    """An embedded engine begins empty, and no other process could put a key into it."""
    from chalicelib.access.keys import RANDOM_BYTES, issue  # noqa: PLC0415
    from chalicelib.model.access import Scope  # noqa: PLC0415

    token, record = issue(
        os.urandom(RANDOM_BYTES),
        tenant=TENANT,
        scopes=frozenset({Scope.INGEST, Scope.READ}),
        expires_at_s=(time.time_ns() + 30 * NS_PER_DAY) // 1_000_000_000,
        note="made by the local runner",
    )
    made.stores.keys.put_key(record)
    return token.text()


def _port(environ: Mapping[str, str]) -> int:
    from chalicelib.settings import BadSetting  # noqa: PLC0415

    text = environ.get("PORT") or "8000"
    if not text.isdecimal() or int(text) > 65_535:
        raise BadSetting(f"PORT={text!r} is not a port from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(os.environ))
