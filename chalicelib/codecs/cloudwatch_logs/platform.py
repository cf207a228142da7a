r"""What Lambda itself writes into a function's log about an invocation, as far as it tells of a death.

Formats: AWS Lambda Developer Guide, "Using CloudWatch Logs with Lambda" and "Lambda Telemetry API Event schema", and
logs that people published (all read November 2026). As text, where `·` is a tab:

    REPORT RequestId: <id>·Duration: 3000.00 ms·Billed Duration: 3000 ms·Memory Size: 128 MB·Max Memory Used: 64 MB·
        Init Duration: 250.12 ms·Status: timeout          or  Status: error·Error Type: Runtime.OutOfMemory
    2026-01-01T12:00:03.000Z <id> Task timed out after 3.00 seconds               until the middle of 2026, after REPORT
    RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError

and as JSON `platform.runtimeDone` and `platform.report`, with `status` success, failure, error or timeout. `failure`
is the handler's own exception: the function lived to tell of it. A REPORT that tells of no death has figures only.
START, END, platform.start, and all that is written of a sandbox's start (INIT_START, INIT_REPORT, platform.init…),
names no invocation or nothing that its spans do not say, and is passed over.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from chalicelib.model.attributes import Attributes

TIMEOUT = "timeout"
OUT_OF_MEMORY = "out_of_memory"
EXIT = "exit"

_REPORT = re.compile(r"REPORT RequestId: (\S+)")
_TIMED_OUT = re.compile(r"\S+ (\S+) (Task timed out after [\d.]+ seconds)\s*\Z")
_EXITED = re.compile(r"RequestId: (\S+) (?:Error: )?((?:Runtime exited|Process exited)[^\n]*)")
_STATUS = re.compile(r"\bStatus: (\w+)")
_ERROR_TYPE = re.compile(r"\bError Type: ([\w.]+)")
_FIGURE = re.compile(r"\b((?:Billed |Init |Restore )?Duration|Memory Size|Max Memory Used): ([\d.]{1,20}) (?:ms|MB)\b")
_MAX_LINE = 4096  # no line of the platform is longer; users' lines are of any length

_DURATION_MS = "aws.lambda.duration_ms"
_MEMORY_MB = "aws.lambda.memory_size_mb"
_MAX_MEMORY_MB = "aws.lambda.max_memory_used_mb"
_TEXT_FIGURES = {
    "Duration": _DURATION_MS,
    "Billed Duration": "aws.lambda.billed_duration_ms",
    "Init Duration": "aws.lambda.init_duration_ms",
    "Restore Duration": "aws.lambda.restore_duration_ms",
    "Memory Size": _MEMORY_MB,
    "Max Memory Used": _MAX_MEMORY_MB,
}
_JSON_FIGURES = {
    "durationMs": _DURATION_MS,
    "billedDurationMs": "aws.lambda.billed_duration_ms",
    "initDurationMs": "aws.lambda.init_duration_ms",
    "restoreDurationMs": "aws.lambda.restore_duration_ms",
    "memorySizeMB": _MEMORY_MB,
    "maxMemoryUsedMB": _MAX_MEMORY_MB,
}
_JSON_TYPES = ("platform.report", "platform.runtimeDone")
_ERROR_TYPES = {"Runtime.OutOfMemory": OUT_OF_MEMORY, "Runtime.ExitError": EXIT, "Sandbox.Timedout": TIMEOUT}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one line says of the invocation `request_id`, at `time_ms` (epoch).

    `error_type` is TIMEOUT, OUT_OF_MEMORY, EXIT, or the platform's own word where it has another; "": the line tells of
    no death, and has `figures` only (attributes with their units, of a REPORT).
    """

    request_id: str
    time_ms: int
    error_type: str = ""
    reason: str = ""
    figures: Attributes = {}


class _Died(NamedTuple):
    error_type: str
    reason: str


_ALIVE = _Died("", "")


def find_verdict(message: str, time_ms: int) -> Verdict | None:
    """What a line, as text or JSON, says of an invocation; None if it is not the platform's, or says nothing of it."""
    if len(message) > _MAX_LINE:
        return None
    readers = [read for beginning, read in _READERS if beginning in message]
    for read in readers:
        if verdict := read(message, time_ms):
            return verdict
    return _wrapped(message, time_ms) if readers and message.startswith("{") else None


def _report(message: str, time_ms: int) -> Verdict | None:
    found = _REPORT.match(message)
    if not found:
        return None
    figures = {_TEXT_FIGURES[name]: _number(text) for name, text in _FIGURE.findall(message)}
    status, error_type = (pattern.search(message) for pattern in (_STATUS, _ERROR_TYPE))
    died = _died(status[1] if status else "", error_type[1] if error_type else "", figures)
    return _verdict(found[1], time_ms, died, figures)


def _timed_out(message: str, time_ms: int) -> Verdict | None:
    found = _TIMED_OUT.match(message)
    return _verdict(found[1], time_ms, _Died(TIMEOUT, found[2])) if found else None


def _exited(message: str, time_ms: int) -> Verdict | None:
    found = _EXITED.match(message)
    if not found:
        return None
    # Nothing but the kernel, out of memory, kills a runtime with this signal.
    error_type = OUT_OF_MEMORY if "signal: killed" in found[2] else EXIT
    return _verdict(found[1], time_ms, _Died(error_type, found[2]))


def _json(message: str, time_ms: int) -> Verdict | None:
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return None
    record = event.get("record") if isinstance(event, dict) and event.get("type") in _JSON_TYPES else None
    if not isinstance(record, dict) or not isinstance(record.get("requestId"), str):
        return None
    is_report = event["type"] == "platform.report"  # a platform.runtimeDone has a duration too, of the runtime alone
    figures = _json_figures(record.get("metrics")) if is_report else {}
    died = _died(str(record.get("status")), str(record.get("errorType", "")), figures)
    return _verdict(record["requestId"], time_ms, died, figures)


def _wrapped(message: str, time_ms: int) -> Verdict | None:
    """A text within Lambda's JSON log format."""
    try:
        text = json.loads(message).get("message")
    except (ValueError, RecursionError):
        return None
    return find_verdict(text, time_ms) if isinstance(text, str) else None


def _json_figures(metrics: object) -> Attributes:
    if not isinstance(metrics, Mapping):
        return {}
    named = {name: metrics.get(key) for key, name in _JSON_FIGURES.items()}
    return {name: number for name, number in named.items() if type(number) in (int, float)}


def _died(status: str, error_type: str, figures: Mapping[str, Any]) -> _Died:
    if status == "timeout":
        duration = figures.get(_DURATION_MS)
        return _Died(TIMEOUT, f"timed out after {duration} ms" if duration is not None else "timed out")
    if status != "error":
        return _ALIVE
    kind = _ERROR_TYPES.get(error_type, error_type or EXIT)
    if kind == EXIT and figures.get(_MAX_MEMORY_MB, 0) >= figures.get(_MEMORY_MB, float("inf")):
        kind = OUT_OF_MEMORY
    return _Died(kind, error_type or "the runtime exited")


def _verdict(request_id: str, time_ms: int, died: _Died, figures: Attributes | None = None) -> Verdict:
    return Verdict(
        request_id=_text(request_id),
        time_ms=time_ms,
        error_type=_text(died.error_type),
        reason=_text(died.reason),
        figures=figures or {},
    )


def _text(said: str) -> str:
    """JSON can say half of a surrogate pair, and UTF-8 cannot."""
    return said.encode("utf-8", "replace").decode()


def _number(text: str) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:  # dots alone
        return 0


_READERS: tuple[tuple[str, Callable[[str, int], Verdict | None]], ...] = (
    ("REPORT RequestId: ", _report),
    (" Task timed out after ", _timed_out),
    ("RequestId: ", _exited),
    ('"platform.', _json),
)
