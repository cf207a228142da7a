"""What can be set from outside: the only reader of the environment (powertools reads its own POWERTOOLS_* itself).

Nothing is required at import. A deployed function without table names fails on its first request, with a clear
word, not while `chalice package` looks at the app.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1024 * 1024
_TENANT = re.compile(r"(?!-\Z)[a-z0-9-]{1,64}")  # as the store has it; "-" is Spanfold itself


class BadSetting(ValueError):
    """An environment variable that cannot mean anything, named together with its value."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that is settable, with the defaults a new deployment gets."""

    facts_table: str = "spanfold-facts"
    views_table: str = "spanfold-views"
    control_table: str = "spanfold-control"
    retention_days: int = 14
    max_body_bytes: int = 4_650_000  # base64 of it, and 10 KB of headers twice over, stay below Lambda's 6 MiB
    max_decompressed_bytes: int = 20 * MIB  # the Collector's own default for a request
    max_nesting_depth: int = 32
    max_answer_bytes: int = 4_400_000  # what a page may weigh: base64 of it and the headers stay below 6 MB
    max_trace_bytes: int = 160 * MIB  # what one read holds: 240,000 ordinary spans, assembled in a function of 1 GB
    cors_origins: tuple[str, ...] = ()
    seal_window_s: int = 60  # a divisor of an hour; how long blocks are gathered before their traces are assembled
    seal_quiet_s: int = 60  # a trace of which more came within this time is left to a later window
    seal_grace_s: int = 45  # past the longest write (29 s), so that no block of a window is still on its way
    seal_piece_traces: int = 2048  # a window of more traces is sealed in pieces, by as many functions
    join_look_back_s: int = 3600  # how long before its receiver the sender of a message may have begun
    undecided_hours: int = 24  # how long blocks live that tail sampling has yet to choose from
    sampling_file: str = ""  # of the local runner: its tenant's sampling policies
    strategies_file: str = ""  # of the local runner: its tenant's strategies of remote sampling
    facts_stream_arn: str = ""  # what the indexer reads; known once the tables are there (infra/outputs.py)
    work_queue_url: str = ""  # where invocations leave work for each other; none: within the process
    receiver_tenant: str = "default"  # whose spans those are that AWS delivers: logs, queue, stream
    index_batch_size: int = 1000  # records of the stream for one invocation of the indexer, at most
    index_batch_window_s: int = 5  # how long records are gathered for it, at most
    index_parallelism: int = 1  # invocations at once for a shard of the stream
    strict_trace_id: bool = True  # Zipkin's: whether trace ids of 64 and 128 bits that end alike are different traces
    autocomplete_keys: tuple[str, ...] = ()  # Zipkin's: tags whose values its UI completes
    query_lookback_ms: int = 24 * 3600 * 1000  # Zipkin's: how far back its names and links look
    archive_days: int = 90  # how long a trace is kept that somebody archives by Jaeger's API

    @property
    def retention_s(self) -> int:
        """How long a block is kept."""
        return self.retention_days * 24 * 3600

    @property
    def archive_s(self) -> int:
        """How long a block is kept that was archived."""
        return self.archive_days * 24 * 3600

    @property
    def undecided_s(self) -> int:
        """How long a block is kept that tail sampling has yet to choose from."""
        return self.undecided_hours * 3600


def of_process() -> Settings:
    """Settings from this process's own environment. Raises BadSetting."""
    return from_environment(os.environ)


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Settings from SPANFOLD_* variables, and those that carry Zipkin's own names; an absent or empty one keeps its
    default. Raises BadSetting.
    """
    names = {
        "facts_table": "SPANFOLD_FACTS_TABLE",
        "views_table": "SPANFOLD_VIEWS_TABLE",
        "control_table": "SPANFOLD_CONTROL_TABLE",
        "retention_days": "SPANFOLD_RETENTION_DAYS",
        "max_body_bytes": "SPANFOLD_MAX_BODY_BYTES",
        "max_decompressed_bytes": "SPANFOLD_MAX_DECOMPRESSED_BYTES",
        "max_nesting_depth": "SPANFOLD_MAX_NESTING_DEPTH",
        "max_answer_bytes": "SPANFOLD_MAX_ANSWER_BYTES",
        "max_trace_bytes": "SPANFOLD_MAX_TRACE_BYTES",
        "cors_origins": "SPANFOLD_CORS_ORIGINS",
        "seal_window_s": "SPANFOLD_SEAL_WINDOW_S",
        "seal_quiet_s": "SPANFOLD_SEAL_QUIET_S",
        "seal_grace_s": "SPANFOLD_SEAL_GRACE_S",
        "seal_piece_traces": "SPANFOLD_SEAL_PIECE_TRACES",
        "join_look_back_s": "SPANFOLD_JOIN_LOOK_BACK_S",
        "undecided_hours": "SPANFOLD_UNDECIDED_HOURS",
        "sampling_file": "SPANFOLD_SAMPLING_FILE",
        "strategies_file": "SPANFOLD_STRATEGIES_FILE",
        "facts_stream_arn": "SPANFOLD_FACTS_STREAM_ARN",
        "work_queue_url": "SPANFOLD_WORK_QUEUE_URL",
        "receiver_tenant": "SPANFOLD_RECEIVER_TENANT",
        "index_batch_size": "SPANFOLD_INDEX_BATCH_SIZE",
        "index_batch_window_s": "SPANFOLD_INDEX_BATCH_WINDOW_S",
        "index_parallelism": "SPANFOLD_INDEX_PARALLELISM",
        "archive_days": "SPANFOLD_ARCHIVE_DAYS",
        "strict_trace_id": "STRICT_TRACE_ID",
        "autocomplete_keys": "AUTOCOMPLETE_KEYS",
        "query_lookback_ms": "QUERY_LOOKBACK",
    }
    defaults = Settings()
    given = {
        field: _read(variable, environ[variable], getattr(defaults, field))
        for field, variable in names.items()
        if environ.get(variable)
    }
    if not _TENANT.fullmatch(str(given.get("receiver_tenant", defaults.receiver_tenant))):
        raise BadSetting(f"SPANFOLD_RECEIVER_TENANT={given['receiver_tenant']!r} is not 1 to 64 of a-z, 0-9 and '-'")
    return Settings(**given)  # type: ignore[arg-type]  # each was read as its default's type


def _read(variable: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        return _truth(variable, text)
    if isinstance(default, int):
        return _positive(variable, text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _truth(variable: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadSetting(f"{variable}={text!r} is neither true nor false")
    return text.lower() == "true"


def _positive(variable: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise BadSetting(f"{variable}={text!r} is not a whole number") from None
    if number < 1:
        raise BadSetting(f"{variable}={text!r} must be at least 1")
    return number
