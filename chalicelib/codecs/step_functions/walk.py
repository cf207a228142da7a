"""The events of one execution as a tree: the execution, its states, their iterations, and the tries of tasks.

Every event names the one that it followed from, so branches that ran side by side are told apart by following those,
not by the order of events: an event belongs to the node in which the one before it left its branch. A state ends with
its own exit; what is open when the execution ends failed or was given up.

A history may lack its end (a page, an execution that runs) or anything else (log events come in batches, and logging
levels leave some out). What has begun and not ended stays open; what ended without a beginning is counted in `lost`,
because the ids of a state's span follow from when it was entered.

Anybody may send a history. MAX_DEPTH and MAX_STEPS are far beyond what Step Functions gives, and keep one made by hand
from taking more than a second; past them nodes lie beside each other, or stay open.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from chalicelib.codecs.step_functions.events import Event, text_of
from chalicelib.codecs.step_functions.outcomes import CALLBACK, called, sent
from chalicelib.model.attributes import Attributes

EXECUTION, STATE, ITERATION, TRY = "execution", "state", "iteration", "try"
MAX_DEPTH = 64  # of nodes within each other
MAX_STEPS = 1_000_000  # from node to node, in looking for something


class Node:
    """A part of an execution. `end_ns` is 0 while it is open; `error` and `cause` say why it failed.

    `kind` is one of EXECUTION, STATE, ITERATION, TRY; `type` that of a state ("Task", "Map", …). `outcome` is what
    became of it: "" while it is open, else SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or CAUGHT for a state that failed and
    went on. `tries` are those of a task, numbered by `retry` and `redrive`, and by `number` over all redrives. `sent`:
    names of joins (propagation/joins.py).
    """

    def __init__(self, kind: str, name: str, event: Event, parent: "Node | None", type_: str = "") -> None:
        self.kind, self.name, self.type = kind, name, type_
        self.entry, self.parent = event, parent
        self.children: list[Node] = []
        self.start_ns, self.end_ns = event.at_ns, 0
        self.outcome = self.error = self.cause = ""
        self.retry = self.redrive = 0
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.number = len(parent.tries) if parent is not None else 0
        self.tries: list[Node] = []
        self.attributes: Attributes = {}
        self.sent: list[str] = []
        if parent is not None:
            parent.children.append(self)
            if kind == TRY:
                parent.tries.append(self)

    def end(self, event: Event, outcome: str) -> None:
        """It ended with this event."""
        self.end_ns, self.outcome = event.at_ns, outcome

    def fail(self, details: Mapping[str, Any]) -> None:
        """It failed as these details say."""
        self.error, self.cause = text_of(details, "error"), text_of(details, "cause")

    def within(self) -> Iterator["Node"]:
        """It and everything in it, what contains before what is contained."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    def around(self) -> Iterator["Node"]:
        """It and everything that it is in, from the inside."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


class Walk:
    """The tree of one execution so far. `execution` is None until its first event has come.

    With `assumes_start` any event will do for the first; `is_assumed` then says that it was not the execution's own.
    """

    def __init__(self, *, assumes_start: bool = False) -> None:
        self.execution: Node | None = None
        self.is_assumed = False
        self._assumes_start = assumes_start
        self.input_text = ""
        self.redrives = 0
        self.lost = 0
        self.steps_left = MAX_STEPS
        self._at: dict[int, Node] = {}  # by event: where its branch is after it

    def follow(self, events: Iterable[Event]) -> None:
        """Take in events of the execution, ascending; those that do not start it come after the one that does."""
        for event in events:
            if event.type == "ExecutionStarted" and self.execution is None:
                self.execution = self._at[event.id] = Node(EXECUTION, "", event, None)
                self.input_text = text_of(event.details, "input")
                continue
            if self.execution is None and self._assumes_start:
                self.execution, self.is_assumed = Node(EXECUTION, "", event, None), True
            handler = _HANDLERS.get(event.type)
            before = self._at.get(event.previous, self.execution)
            if before is None:
                self.lost += 1
            elif handler is None:
                self._at[event.id] = before
            else:
                self._at[event.id] = handler(self, before, event)

    def enter(self, before: Node, event: Event) -> Node:
        """A state."""
        container = self._container(before)
        type_ = event.type.removesuffix("StateEntered")
        return Node(STATE, text_of(event.details, "name"), event, container, type_)

    def exit(self, before: Node, event: Event) -> Node:
        """A state; its branch goes on beside it."""
        name, type_ = text_of(event.details, "name"), event.type.removesuffix("StateExited")
        state = next((node for node in before.around() if (node.name, node.type) == (name, type_)), None)
        if state is None or state.parent is None:
            self.lost += 1
            return before
        if state.type in _CONTAINERS:
            self._take_over_error(state)
        self._close(state, event, "CAUGHT" if state.error else "SUCCEEDED")
        return state.parent

    def schedule(self, before: Node, event: Event) -> Node:
        """A try of a task."""
        state = self._task_of(before, event)
        if state is None:
            self.lost += 1
            return before
        last = state.tries[-1] if state.tries else None
        found = Node(TRY, state.name, event, state)
        found.redrive = self.redrives
        found.retry = last.retry + 1 if last is not None and last.redrive == self.redrives else 0
        found.attributes = called(event.details)
        state.error = state.cause = ""
        return found

    def submit(self, before: Node, event: Event) -> Node:
        """A try's call was answered; the task is not done yet."""
        if before.kind == TRY:
            before.sent += sent(before.entry.details, event.details)
        return before

    def succeed(self, before: Node, event: Event) -> Node:
        """A try."""
        if before.kind != TRY or before.parent is None:
            return before
        if not text_of(before.entry.details, "resource").endswith(CALLBACK):
            before.sent += sent(before.entry.details, event.details)
        before.end(event, "SUCCEEDED")
        return before.parent

    def fail(self, before: Node, event: Event) -> Node:
        """A try, and with it its state, until that tries again or goes on."""
        state = before
        if before.kind == TRY and before.parent is not None:
            before.fail(event.details)
            before.end(event, "TIMED_OUT" if event.type.endswith("TimedOut") else "FAILED")
            state = before.parent
        state.fail(event.details)
        return state

    def go_on(self, before: Node, event: Event) -> Node:
        """A parallel or map state began its branches, or has done with them."""
        state = self._enclosing(before, event)
        if event.type.endswith("StateStarted") and state.children:  # it is tried again
            self._close_inside(state, event)
            state.error = state.cause = ""
        if event.type == "MapRunStarted" and (arn := text_of(event.details, "mapRunArn")):
            state.sent.append(f"states:{arn}")
            state.attributes["aws.step_functions.map_run.arn"] = arn
        if type(length := event.details.get("length")) is int:
            state.attributes["aws.step_functions.map.length"] = length
        return state

    def give_up(self, before: Node, event: Event) -> Node:
        """A parallel or map state failed, or was aborted with its branches."""
        state = self._enclosing(before, event)
        state.fail(event.details)
        if event.type.endswith("Aborted"):
            self._close(state, event, "ABORTED")
        return state

    def iterate(self, before: Node, event: Event) -> Node:
        """An iteration of a map."""
        parent = self._container(self._map_of(before, event))
        node = Node(ITERATION, text_of(event.details, "name"), event, parent, "Map")
        node.attributes["aws.step_functions.map.index"] = _index(event)
        return node

    def end_iteration(self, before: Node, event: Event) -> Node:
        """An iteration of a map; what is still open in it ended with it."""
        index = _index(event)
        around = (node for node in before.around() if node.kind == ITERATION)
        beside = (node for node in self._spent(self._map_of(before, event).children) if node.kind == ITERATION)
        found = next((node for node in chain(around, beside) if _index(node.entry) == index), None)
        if found is None or found.parent is None:
            self.lost += 1
            return before
        outcome = _ITERATION_OUTCOMES[event.type]
        if outcome == "FAILED":
            self._take_over_error(found)
        self._close(found, event, outcome)
        return found.parent

    def finish(self, _: Node, event: Event) -> Node:
        """The execution."""
        execution = self._whole()
        execution.fail(event.details)
        self._close(execution, event, _EXECUTION_OUTCOMES[event.type])
        return execution

    def redrive(self, _: Node, event: Event) -> Node:
        """The execution goes on where it failed: what ended with it is open again."""
        execution = self._whole()
        count = event.details.get("redriveCount")
        self.redrives = count if type(count) is int and 0 < count < 1 << 31 else self.redrives + 1
        for node in self._spent(execution.within()):
            if node.kind != TRY and node.outcome not in _DONE:
                node.end_ns, node.outcome = 0, ""
        execution.error = execution.cause = ""
        return execution

    def _whole(self) -> Node:
        assert self.execution is not None  # no handler is asked before it has started
        return self.execution

    def _spent(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """`nodes`, as long as there are steps left."""
        for node in nodes:
            if self.steps_left <= 0:
                return
            self.steps_left -= 1
            yield node

    def _container(self, before: Node) -> Node:
        """Where what follows lies: in no try, and not too deep."""
        node = next(node for node in before.around() if node.kind != TRY)
        return node if node.depth < MAX_DEPTH - 1 else self._whole()

    def _close(self, closed: Node, event: Event, outcome: str) -> None:
        """End a node, and everything open in it."""
        closed.end(event, outcome)
        if closed.children:
            self._close_inside(closed, event)

    def _close_inside(self, closed: Node, event: Event) -> None:
        for node in self._spent(closed.within()):
            if node is closed or node.end_ns:
                continue
            if node.type == "Fail" and closed.outcome == "FAILED":
                node.error, node.cause = closed.error, closed.cause
            node.end(event, "FAILED" if node.error else "ABORTED")

    def _take_over_error(self, node: Node) -> None:
        """What made a node fail is told by what failed in it."""
        if node.error:
            return
        failed = (each for each in self._spent(node.within()) if each.error and each.outcome != "CAUGHT")
        found = next((each for each in failed if each.kind == STATE or not each.parent), None)
        if found is not None:
            node.error, node.cause = found.error, found.cause

    def _task_of(self, before: Node, event: Event) -> Node | None:
        """The state that a scheduled event is of. No path leads to it from a redrive: one that has to be done again."""
        state = next((node for node in before.around() if node.kind == STATE), None)
        if state is not None or not self.redrives:
            return state
        resource = text_of(event.details, "resource")
        open_tasks = (node for node in self._spent(before.within()) if node.tries and not node.end_ns)
        waiting = [node for node in open_tasks if node.tries[-1].redrive < self.redrives]
        alike = [node for node in waiting if text_of(node.tries[-1].entry.details, "resource") == resource]
        return next(iter(alike or waiting), None)

    def _enclosing(self, before: Node, event: Event) -> Node:
        """The state of the event's type that is around `before`, or `before` itself."""
        type_ = next((each for each in ("Parallel", "Map", "Wait", "Task") if event.type.startswith(each)), "")
        return next((node for node in before.around() if node.kind == STATE and node.type == type_), before)

    def _map_of(self, before: Node, event: Event) -> Node:
        """The map state of this name that `before` is in."""
        name = text_of(event.details, "name")
        maps = [node for node in before.around() if node.kind == STATE and node.type == "Map"]
        return next((node for node in maps if node.name == name), maps[0] if maps else before)


_CONTAINERS = frozenset(("Parallel", "Map"))
_DONE = frozenset(("SUCCEEDED", "CAUGHT"))


def _index(event: Event) -> int:
    index = event.details.get("index")
    return index if type(index) is int and 0 <= index < 1 << 31 else 0


_ITERATION_OUTCOMES = {
    "MapIterationSucceeded": "SUCCEEDED",
    "MapIterationFailed": "FAILED",
    "MapIterationAborted": "ABORTED",
}
_EXECUTION_OUTCOMES = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_STATES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_TASKS = ("Task", "LambdaFunction", "Activity")
_FAILURES = ("Failed", "TimedOut", "StartFailed", "ScheduleFailed", "SubmitFailed")
_AROUND = ("ParallelStateStarted", "ParallelStateSucceeded", "MapStateStarted", "MapStateSucceeded")
_RUNS = ("MapRunStarted", "MapRunSucceeded", "MapRunRedriven")
_LOST = (
    "ParallelStateFailed", "ParallelStateAborted", "MapStateFailed", "MapStateAborted", "MapRunFailed",
    "MapRunAborted", "WaitStateAborted", "TaskStateAborted",
)  # fmt: skip

_HANDLERS: Mapping[str, Callable[[Walk, Node, Event], Node]] = {
    **{f"{state}StateEntered": Walk.enter for state in _STATES},
    **{f"{state}StateExited": Walk.exit for state in _STATES},
    **{f"{task}Scheduled": Walk.schedule for task in _TASKS},
    **{f"{task}Succeeded": Walk.succeed for task in _TASKS},
    **{f"{task}{failure}": Walk.fail for task in _TASKS for failure in _FAILURES},
    "TaskSubmitted": Walk.submit,
    "EvaluationFailed": Walk.fail,
    **dict.fromkeys((*_AROUND, *_RUNS), Walk.go_on),
    **dict.fromkeys(_LOST, Walk.give_up),
    "MapIterationStarted": Walk.iterate,
    **dict.fromkeys(_ITERATION_OUTCOMES, Walk.end_iteration),
    **dict.fromkeys(_EXECUTION_OUTCOMES, Walk.finish),
    "ExecutionRedriven": Walk.redrive,
}
