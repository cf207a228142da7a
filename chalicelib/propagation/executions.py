"""The trace and the spans of a Step Functions execution, whose ids follow from its ARN and from its states.

Whoever knows the execution (a function that got the context object, the backend that got the history) comes to the
same ids, so nothing has to be carried. The hashes are Datadog's (datadog-lambda-python c0b98d6, tracing.py, whose
published vectors are ours): SHA-256 of a text, bytes 0..8 the high half, 8..16 the low one, the top bit of each
cleared, 0 made 1.

    trace id   the execution's id (of the outermost one), high and low half
    span id    "<execution id>#<state name>#<entered time>", high half; and "#<retries>#<redrives>" unless both are 0,
               since an express workflow enters a state at the same time when it tries again

A trace that began before the execution goes on: its context lies in the execution's input (`_trace` ours, `_datadog`
Datadog's) or beside the context object. Not so for the children of a distributed map, each of which is its own trace.
Nothing raises; hashlib is imported when the first id is asked for.
"""

from . import composite, datadog
from .context import TraceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = "states"
STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"  # what the console tells people to put into a child's input
_MASK = (1 << 63) - 1


def trace_id(execution_arn: str) -> str:
    """32 hex digits for an execution that nobody traced started."""
    high, low = _halves(execution_arn)
    return f"{high:016x}{low:016x}"


def span_id(execution_id: str, state_name: str, entered_time: str, retry_count: int = 0, redrive_count: int = 0) -> str:
    """16 hex digits for one try of a state. `entered_time` is the text that the context object has."""
    counts = f"#{retry_count}#{redrive_count}" if retry_count or redrive_count else ""
    return f"{_halves(f'{execution_id}#{state_name}#{entered_time}{counts}')[0]:016x}"


def context_of(context_object: "dict[str, object]") -> TraceContext | None:
    """What a state's task is a child of: the state's span; None if that is no context object of a state."""
    execution, state = _mapping(context_object.get("Execution")), _mapping(context_object.get("State"))
    execution_id, name, entered = execution.get("Id"), state.get("Name"), state.get("EnteredTime")
    if not (isinstance(execution_id, str) and execution_id and isinstance(name, str) and isinstance(entered, str)):
        return None
    parent_id = span_id(execution_id, name, entered, _count(state, "RetryCount"), _count(execution, "RedriveCount"))
    before = None if is_map_child(execution_id) else upstream(context_object)
    if before is None:
        return TraceContext(trace_id(root_id(context_object)), parent_id, format=FORMAT)
    return TraceContext(
        before.trace_id, parent_id, sampled=before.sampled, random=before.random, debug=before.debug,
        trace_state=before.trace_state, format=FORMAT,
    )  # fmt: skip


def upstream(context_object: "dict[str, object]") -> TraceContext | None:
    """The context in which the execution was started; its span_id may be "", as Datadog sends none."""
    for carrier in _carriers(context_object):
        for found in composite.extract(datadog.headers_of(carrier)).contexts:
            if found.trace_id:
                return found
    return None


def root_id(context_object: "dict[str, object]") -> str:
    """The id of the outermost execution that is known: named by Datadog's merge, by the starter's, else its own."""
    execution = _mapping(context_object.get("Execution"))
    own = execution.get("Id")
    if isinstance(own, str) and is_map_child(own):
        return own
    given = _mapping(execution.get("Input"))
    candidates = [
        *(carrier.get("RootExecutionId") for carrier in _carriers(context_object)),
        given.get(STARTED_BY),
        own,
    ]
    return next((found for found in candidates if isinstance(found, str) and found), "")


def is_map_child(execution_id: str) -> bool:
    """Whether it runs one batch of a distributed map: <machine>/<label of the map state>:<its own id>."""
    return "/" in execution_id


def _carriers(context_object: "dict[str, object]") -> "Iterator[dict[str, object]]":
    """Where headers may lie: beside the context object, and in the execution's input."""
    yield context_object
    given = _mapping(_mapping(context_object.get("Execution")).get("Input"))
    for key in ("_trace", "_datadog"):
        if carrier := _mapping(given.get(key)):
            yield carrier
    if isinstance(given.get("traceparent"), str):
        yield given


def _halves(text: str) -> tuple[int, int]:
    import hashlib  # noqa: PLC0415  # a millisecond of a cold start, for those whom no state machine calls

    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    high, low = int.from_bytes(digest[:8]) & _MASK, int.from_bytes(digest[8:16]) & _MASK
    return high or 1, low or 1


def _count(holder: "dict[str, object]", key: str) -> int:
    value = holder.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0


def _mapping(value: object) -> "dict[str, object]":
    return value if isinstance(value, dict) else {}
