"""The tree of an execution as spans, under the ids that functions which saw the context object attach to.

    <state machine> (server)                   id: of the execution's ARN
    ├─ <state> (internal; client if it is a task)     id: of execution, name and time of entry
    │  ├─ <state> try 0, try 1 … (client)      only of a task that was tried more than once
    │  └─ <map> [0], <map> [1] … (internal)    iterations, with states of their own
    └─ …

A function is a child of its state's span, or of the span of the try that called it (propagation/executions.py). What is
open has no end; the same span comes again when it has one. Data are not kept: they are the customer's, and large.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from chalicelib.codecs.step_functions.events import entered_time
from chalicelib.codecs.step_functions.outcomes import parsed
from chalicelib.codecs.step_functions.walk import ITERATION, STATE, TRY, Node, Walk
from chalicelib.model.attributes import ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE, Attributes
from chalicelib.model.span import Event, Kind, Resource, Scope, Span, StatusCode
from chalicelib.propagation import executions
from chalicelib.propagation.joins import MAX_JOINS, RECEIVED, SENT

SCOPE = Scope(name="spanfold.step_functions")
MAX_TEXT_CHARACTERS = 4096
_PREFIX = "aws.step_functions"
_PARENT_REMOTE = 0x300  # trace.proto, SpanFlags: known, and remote


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an execution beside its events; "" where it is not."""

    execution_arn: str
    state_machine_arn: str = ""
    map_run_arn: str = ""
    input_text: str = ""


def spans_of(walk: Walk, described: Described) -> Iterator[Span]:
    """The spans of an execution; its own first, if that is known to have begun."""
    if walk.execution is None:
        return
    place = _Place(described, parsed(walk.input_text or described.input_text))
    for node in walk.execution.within():
        if node is walk.execution and walk.is_assumed:
            place.know(node)
        elif node.kind != TRY or (node.parent is not None and len(node.parent.tries) > 1):
            yield place.span(node)


class _Place:
    """Makes the spans of one execution, once each: a name that was entered twice in a millisecond has two ids."""

    def __init__(self, described: Described, given: Mapping[str, object]) -> None:
        self._arn = described.execution_arn
        self._described = described
        context: dict[str, object] = {"Execution": {"Id": self._arn, "Input": dict(given)}}
        is_child = executions.is_map_child(self._arn)
        self._upstream = None if is_child else executions.upstream(context)
        root = executions.trace_id(executions.root_id(context))
        self._trace_id = self._upstream.trace_id if self._upstream is not None else root
        self._resource = _resource(self._arn, described.state_machine_arn)
        self._ids: dict[int, str] = {}  # by id() of the node, all of which the walk keeps
        self._taken: set[str] = set()

    def know(self, node: Node) -> str:
        """The id of a node, also of one that has no span yet."""
        span_id = self._ids[id(node)] = self._id(node)
        self._taken.add(span_id)
        return span_id

    def span(self, node: Node) -> Span:
        """The span of a node whose parent's was asked for before."""
        span_id = self.know(node)
        parent_id, flags = self._parent(node)
        failed = node.outcome in _FAILED
        return Span(
            trace_id=self._trace_id,
            span_id=span_id,
            parent_id=parent_id,
            flags=flags,
            trace_state=self._upstream.trace_state if self._upstream is not None else "",
            name=self._name(node),
            kind=_kind(node),
            start_ns=node.start_ns,
            end_ns=node.end_ns,
            status_code=StatusCode.ERROR if failed else StatusCode.UNSET,
            status_message=_message(node) if failed else "",
            attributes=self._attributes(node),
            events=tuple(_exceptions(node)),
            resource=self._resource,
            scope=SCOPE,
        )

    def _id(self, node: Node) -> str:
        entered, number = entered_time(node.start_ns), node.entry.id
        if node.parent is None:
            return executions.span_id(self._arn, "", "")
        if node.kind == STATE:
            found = executions.span_id(self._arn, node.name, entered)
        elif node.kind == ITERATION:
            found = executions.span_id(self._arn, f"{node.name}[{number}]", entered)
        elif node.retry or node.redrive:
            entered = entered_time(node.parent.start_ns)
            found = executions.span_id(self._arn, node.name, entered, node.retry, node.redrive)
        else:
            found = executions.span_id(self._arn, f"{node.name}#{number}", entered)
        return found if found not in self._taken else executions.span_id(self._arn, f"{node.name}#{number}", entered)

    def _parent(self, node: Node) -> tuple[str | None, int]:
        """The parent's span id, and flags."""
        if node.parent is not None:
            return self._ids[id(node.parent)], 0
        if self._upstream is None:
            return None, 0
        return self._upstream.span_id or None, self._upstream.flags | _PARENT_REMOTE

    def _name(self, node: Node) -> str:
        if node.parent is None:
            return str(self._resource.attributes["service.name"])
        if node.kind == ITERATION:
            return f"{node.name or node.parent.name} [{node.attributes[f'{_PREFIX}.map.index']}]"
        return f"{node.name} try {node.number}" if node.kind == TRY else node.name

    def _attributes(self, node: Node) -> Attributes:
        if node.parent is None:
            return self._of_execution(node)
        found: Attributes = dict(node.attributes)
        names = node.sent
        if node.kind == STATE:
            found |= {f"{_PREFIX}.state.name": node.name, f"{_PREFIX}.state.type": node.type}
            if node.tries:
                found |= node.tries[-1].attributes
                found |= {f"{_PREFIX}.state.tries": len(node.tries)} if len(node.tries) > 1 else {}
            names = [*names, *node.tries[0].sent] if len(node.tries) == 1 else names
        if node.kind == TRY:
            found |= {f"{_PREFIX}.retry_count": node.retry, f"{_PREFIX}.redrive_count": node.redrive}
        return found | _ending(node) | ({SENT: list(dict.fromkeys(names))[:MAX_JOINS]} if names else {})

    def _of_execution(self, node: Node) -> Attributes:
        names = [f"states:{arn}" for arn in (self._arn, self._described.map_run_arn) if arn]
        return {f"{_PREFIX}.execution.arn": self._arn, RECEIVED: names, **_ending(node)}


_FAILED = frozenset(("FAILED", "TIMED_OUT"))


def _kind(node: Node) -> Kind:
    if node.parent is None:
        return Kind.SERVER
    return Kind.CLIENT if node.kind == TRY or (node.kind == STATE and node.type == "Task") else Kind.INTERNAL


def _ending(node: Node) -> Attributes:
    found: Attributes = {f"{_PREFIX}.status": node.outcome or "RUNNING"}
    return found | ({ERROR_TYPE: _cut(node.error)} if node.error else {})


def _message(node: Node) -> str:
    """What a cause says: a function's is the JSON of its exception."""
    text = parsed(node.cause).get("errorMessage")
    return _cut(text if isinstance(text, str) and text else node.cause)


def _exceptions(node: Node) -> Iterable[Event]:
    if not node.error and not node.cause:
        return
    attributes: Attributes = {EXCEPTION_TYPE: _cut(node.error), EXCEPTION_MESSAGE: _message(node)}
    yield Event(time_ns=node.end_ns or node.start_ns, name=EXCEPTION_EVENT, attributes=attributes)


def _cut(text: str) -> str:
    return text[:MAX_TEXT_CHARACTERS]


def _resource(execution_arn: str, state_machine_arn: str) -> Resource:
    """The state machine: arn:<partition>:states:<region>:<account>:(execution|express):<machine>[/<label>]:<name>."""
    parts = execution_arn.split(":")
    region, account, machine = (parts[at] if len(parts) > at else "" for at in (3, 4, 6))
    machine = machine.partition("/")[0] or "state machine"
    arn = state_machine_arn or ":".join([*parts[:5], "stateMachine", machine])
    attributes: Attributes = {
        "service.name": machine,
        "cloud.provider": "aws",
        "cloud.region": region,
        "cloud.account.id": account,
        "cloud.resource_id": arn,
    }
    return Resource(attributes={name: value for name, value in attributes.items() if value})
