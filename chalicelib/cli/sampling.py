"""`python -m chalicelib.cli.sampling --tenant acme set policies.json`: how a tenant samples.

    show                    print the document
    check FILE              read FILE and say what is wrong with it; touches no store
    try FILE TRACES...      say which of the traces in OTLP files (JSON or protobuf) FILE would keep; touches no store
    set FILE                check FILE and put it in place of the tenant's document
    off, on                 let the policies rest and keep everything, or wake them

is about policies: which traces are kept of those that have come in. What clients are told that ask for `/sampling`:

    show-strategies         print the document
    check-strategies FILE   read FILE and say what is wrong with it; touches no store
    try-strategies FILE SERVICE   print what a client of SERVICE would be told by FILE; touches no store
    set-strategies FILE     check FILE and put it in place of the tenant's document

Both are in the control table that the environment names (SPANFOLD_CONTROL_TABLE, and the SDK's own region,
credentials and AWS_ENDPOINT_URL_DYNAMODB). Containers know of a change within a minute. FILE may be `-`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chalicelib.cli import strategies
from chalicelib.codecs.otlp import json as otlp_json
from chalicelib.codecs.otlp import protobuf
from chalicelib.codecs.otlp.grouping import group
from chalicelib.codecs.stored import stored_trace
from chalicelib.collector.collect import SPLIT_AT_BYTES
from chalicelib.model.block import Block, KeptBlock, payload_digest
from chalicelib.model.errors import TracingError
from chalicelib.model.stored_trace import StoredTrace
from chalicelib.propagation.probability import COUNT_UNIT, adjusted_count
from chalicelib.sampling.decide import keeps, verdicts
from chalicelib.sampling.policies import Policies
from chalicelib.settings import BadSetting, Settings, of_process
from chalicelib.storage.port import SamplingStore
from chalicelib.views.judging import instruments, read_policies

NO_POLICIES = "no policies: every trace is kept"


@dataclass(frozen=True)
class Tried:
    """A trace that was tried: its verdict, and which policies would keep it if there were no others."""

    trace: StoredTrace
    threshold: int | None
    wanted_by: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether all policies together keep it."""
        return keeps(self.threshold, self.trace)

    @property
    def stands_for(self) -> float:
        """How many traces it would count as; 0 if it is not kept."""
        return adjusted_count(self.threshold) / COUNT_UNIT if self.is_kept else 0


def main(arguments: Sequence[str]) -> int:
    """Do one thing; the exit code. What was asked for goes to standard output, one line of regret beside."""
    asked = parser().parse_args(arguments)
    try:
        print(asked.does(asked))
    except (BadSetting, TracingError, OSError, ValueError) as wrong:
        reasons = "; ".join([str(wrong), *getattr(wrong, "__notes__", ())])
        print(f"spanfold: {reasons}", file=sys.stderr)
        return 1
    return 0


def shown(sampling: SamplingStore, tenant: str) -> str:
    """The tenant's document, or a word that there is none. Raises StoreError."""
    document = sampling.find_sampling(tenant)
    return NO_POLICIES if document is None else document.decode("utf-8", "replace").rstrip()


def checked(document: bytes) -> str:
    """A line about a document that can be used. Raises PolicyError."""
    policies = read_policies(document)
    named = ", ".join(policy.name for policy in policies.policies)
    return f"{len(policies.policies)} policies{'' if policies.enabled else ' (resting)'}: {named}"


def put(sampling: SamplingStore, tenant: str, document: bytes) -> str:
    """Put the document in place of the tenant's last; a line about it. Raises PolicyError and StoreError."""
    said = checked(document)
    sampling.put_sampling(tenant, document)
    return f"{tenant}: {said}"


def switched(sampling: SamplingStore, tenant: str, *, enabled: bool) -> str:
    """Let the tenant's policies rest, or wake them. Raises PolicyError, StoreError; ValueError without policies."""
    document = sampling.find_sampling(tenant)
    if document is None:
        raise ValueError(f"{tenant} has {NO_POLICIES}")
    told = {**json.loads(document), "enabled": enabled}
    return put(sampling, tenant, json.dumps(told, indent=2).encode())


def tried(policies: Policies, blocks: Sequence[Block], window_s: int) -> list[Tried]:
    """What becomes of the traces in `blocks`, were they sealed together; by trace id. Raises nothing."""
    traces = sorted(_traces(blocks), key=lambda trace: trace.trace_id)
    sizes = {trace.trace_id: 0 for trace in traces}
    for block in blocks:
        sizes[block.trace_id] += len(block.payload)
    tools = instruments(sizes)
    together = verdicts(policies, traces, window_s, 1.0, tools)
    alone = {policy.name: verdicts(Policies((policy,)), traces, window_s, 1.0, tools) for policy in policies.policies}
    return [
        Tried(trace, threshold, tuple(name for name, found in alone.items() if keeps(found[number], trace)))
        for number, (trace, threshold) in enumerate(zip(traces, together, strict=True))
    ]


def table(found: Sequence[Tried]) -> str:
    """One line for each trace, and one about all of them."""
    kept = [one for one in found if one.is_kept]
    spans, all_spans = (sum(len(one.trace.spans) for one in some) for some in (kept, found))
    stands_for = sum(one.stands_for for one in kept)
    head = f"{'verdict':8}{'count':>10}  {'trace':32}{'spans':>7}  wanted by"
    end = f"{len(kept)} of {len(found)} traces, {spans} of {all_spans} spans; they stand for {stands_for:.1f} traces"
    return "\n".join([head, *map(_line, found), end])


def _line(one: Tried) -> str:
    verdict = "kept" if one.is_kept else "dropped"
    wanted_by = ", ".join(one.wanted_by) or "-"
    return f"{verdict:8}{one.stands_for:>10.2f}  {one.trace.trace_id}{len(one.trace.spans):>7}  {wanted_by}"


def read_blocks(body: bytes, settings: Settings) -> tuple[Block, ...]:
    """The blocks that a post with this body would become. Raises PayloadError."""
    codec = otlp_json if body.lstrip()[:1] == b"{" else protobuf
    decoded = codec.decode_in_parts(body, settings.max_nesting_depth)
    return group((part.message for part in decoded), SPLIT_AT_BYTES).blocks


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m chalicelib.cli.sampling", description="How a tenant samples.")
    made.add_argument("--tenant", default="default", help="who samples (default: default)")
    commands = made.add_subparsers(required=True, metavar="|".join(_COMMANDS))
    for name, command in _COMMANDS.items():
        own = commands.add_parser(name, help=command.about)
        own.set_defaults(does=command.does)
        for one in command.takes:
            own.add_argument(one, nargs="+" if one == "traces" else None)
    return made


def _store() -> SamplingStore:
    from chalicelib import wiring  # noqa: PLC0415  # most commands need no store

    return wiring.stores(of_process()).sampling


def _try(asked: argparse.Namespace) -> str:
    settings = of_process()
    policies = read_policies(_read(asked.file))
    blocks = [block for path in asked.traces for block in read_blocks(_read(path), settings)]
    return table(tried(policies, blocks, settings.seal_window_s))


def _read(path: str) -> bytes:
    return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()


def _traces(blocks: Sequence[Block]) -> Iterator[StoredTrace]:
    by_trace: dict[str, list[KeptBlock]] = {}
    for block in blocks:
        # Arrived when they started: nobody's clock is absurd in a file, however old it is.
        kept = KeptBlock(block=block, digest=payload_digest(block.payload), arrived_ms=0, expires_at_s=0)
        by_trace.setdefault(block.trace_id, []).append(kept)
    for kept_blocks in by_trace.values():
        trace = stored_trace(kept_blocks)
        if trace is not None:
            latest_ms = max(span.start_ns for span in trace.spans) // 1_000_000
            yield StoredTrace(trace_id=trace.trace_id, spans=trace.spans, arrived_ms=latest_ms)


class _Command(NamedTuple):
    does: Callable[[argparse.Namespace], str]
    about: str
    takes: tuple[str, ...] = ()


_COMMANDS = {
    "show": _Command(lambda asked: shown(_store(), asked.tenant), "print the document"),
    "check": _Command(lambda asked: checked(_read(asked.file)), "say what is wrong with a document", ("file",)),
    "try": _Command(_try, "say which traces in OTLP files a document would keep", ("file", "traces")),
    "set": _Command(lambda asked: put(_store(), asked.tenant, _read(asked.file)), "put a document in place", ("file",)),
    "off": _Command(lambda asked: switched(_store(), asked.tenant, enabled=False), "let the policies rest"),
    "on": _Command(lambda asked: switched(_store(), asked.tenant, enabled=True), "wake the policies"),
    "show-strategies": _Command(lambda asked: strategies.shown(_store(), asked.tenant), "print what clients are told"),
    "check-strategies": _Command(
        lambda asked: strategies.checked(_read(asked.file)), "say what is wrong with a document", ("file",)
    ),
    "try-strategies": _Command(
        lambda asked: strategies.tried(_read(asked.file), asked.service), "what one would be told", ("file", "service")
    ),
    "set-strategies": _Command(
        lambda asked: strategies.put(_store(), asked.tenant, _read(asked.file)), "put a document in place", ("file",)
    ),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
