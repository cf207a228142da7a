"""The whole of it: a template on moto, its functions in sandboxes, and what happens between them, step by step."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from moto import mock_aws

from examples.workflow.stage.aws import Front, front
from examples.workflow.stage.buses import RuleTarget
from examples.workflow.stage.gateway import rest_event
from examples.workflow.stage.lambdas import Declared, Function, Invoked, Launcher, launcher
from examples.workflow.stage.logs import Deliver, Subscription
from examples.workflow.stage.queues import EventSource, Queue
from examples.workflow.stage.states import Execution
from examples.workflow.stage.template import ACCOUNT, Properties, Stack, client

MOST_STEPS = 1_000  # a workflow that has not come to rest by then turns in a circle
GATEWAY_ERROR = {"statusCode": 502, "body": json.dumps({"message": "Internal server error"})}


class Differences(NamedTuple):
    """From what the template says: `environment` for every function, other limits by logical id."""

    environment: Mapping[str, str] = {}
    timeouts_s: Mapping[str, float] = {}


class Stage:
    """A deployed template. Nothing happens by itself: `request` comes from outside, `run` lets things go their way."""

    def __init__(
        self, stack: Stack, library: Path, running: tuple[Front, Launcher], deliver: Deliver, differences: Differences
    ) -> None:
        self.functions: dict[str, Function] = {}
        self._stack = stack
        self._front, self._launcher = running
        self._routes: dict[tuple[str, str], Function] = {}
        self._queues: dict[str, Queue] = {}
        self._sources: list[Callable[[], bool]] = []
        self._seen: set[str] = set()
        stack.make()
        self._subscriptions = _subscriptions(stack, deliver)
        for name, properties in stack.functions().items():
            declared = self._declared(name, properties, library, differences)
            subscription = self._subscriptions[properties["LoggingConfig"]["LogGroup"]]
            self.functions[name] = Function(declared, subscription, self._launcher)
            for event_name, event in properties.get("Events", {}).items():
                _EVENTS[event["Type"]](self, f"{name}-{event_name}", self.functions[name], event["Properties"])
        for name in stack.of_type("AWS::Serverless::StateMachine"):
            self._sources.append(partial(self._execute, stack.attributes(name)["Arn"]))

    def request(self, method: str, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The answer of the function behind the API (statusCode, body). Names of headers with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        event = rest_event(method, path, sent, json.dumps(body), "shop")
        invoked = self._routes[method, path].invoke(event, xray=sent.get("X-Amzn-Trace-Id", ""))
        return invoked.answer if invoked.error is None else GATEWAY_ERROR

    def run(self) -> int:
        """Deliver whatever waits, until nothing does; how many batches, events and executions that were."""
        steps = 0
        while any(source() for source in self._sources):
            steps += 1
            if steps > MOST_STEPS:
                raise RuntimeError(f"the workflow does not come to rest after {steps} steps")
        return steps

    def redrive(self, dead_letters: str, queue: str) -> int:
        """Move what lies in the dead-letter queue back to its source, both by logical id; how many messages."""
        failures = Queue(self._stack.attributes(dead_letters)["Arn"])
        return self._queues[self._stack.attributes(queue)["Arn"]].redrive_from(failures)

    def name(self, logical_id: str) -> str:
        """What a resource is called."""
        return self._stack.attributes(logical_id)["Ref"]

    def close(self) -> None:
        """End the sandboxes."""
        for function in self.functions.values():
            function.close()

    def _declared(self, name: str, properties: Properties, library: Path, differences: Differences) -> Declared:
        variables = properties.get("Environment", {}).get("Variables", {})
        return Declared(
            name=self._stack.attributes(name)["Ref"],
            arn=self._stack.attributes(name)["Arn"],
            handler=properties["Handler"],
            path=[str(self._stack.folder / properties["CodeUri"]), str(library)],
            environment={"AWS_ENDPOINT_URL": self._front.url, **variables, **differences.environment},
            memory_mb=properties["MemorySize"],
            timeout_s=differences.timeouts_s.get(name, properties["Timeout"]),
        )

    def _execute(self, machine_arn: str) -> bool:
        """Run one execution that was started; False if there is none."""
        states = client("stepfunctions")
        found = states.list_executions(stateMachineArn=machine_arn)["executions"]
        waiting = [each["executionArn"] for each in reversed(found) if each["executionArn"] not in self._seen]
        if not waiting:
            return False
        self._seen.add(waiting[0])
        machine = states.describe_state_machine(stateMachineArn=machine_arn)
        given = json.loads(states.describe_execution(executionArn=waiting[0])["input"])
        execution = Execution(machine_arn, waiting[0], machine["roleArn"], given, self._invoke)
        execution.run(json.loads(machine["definition"]))
        for subscription in self._subscriptions.values():
            if subscription.group.startswith("/aws/vendedlogs/states/"):
                subscription.put(f"states/{machine['name']}", execution.log)
        return True

    def _invoke(self, function: str, payload: Any) -> Invoked:
        return next(f for f in self.functions.values() if function in f.declared[:2]).invoke(payload)

    def _add_route(self, _name: str, function: Function, properties: Properties) -> None:
        self._routes[properties["Method"].upper(), properties["Path"]] = function

    def _add_queue(self, _name: str, function: Function, properties: Properties) -> None:
        queue = self._queues.setdefault(properties["Queue"], Queue(properties["Queue"]))
        reports = "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ())
        source = EventSource(queue, function, batch_size=properties.get("BatchSize", 10), reports_failures=reports)
        self._sources.append(source.step)

    def _add_rule(self, name: str, function: Function, properties: Properties) -> None:
        target = RuleTarget(name, properties["EventBusName"], properties["Pattern"], function, self._front)
        self._sources.append(target.step)


_EVENTS = {"Api": Stage._add_route, "SQS": Stage._add_queue, "EventBridgeRule": Stage._add_rule}  # noqa: SLF001


@contextmanager
def staged(template: Path, library: Path, deliver: Deliver, differences: Differences | None = None) -> Iterator[Stage]:
    """The template, deployed to this machine as stack "shop"; gone on leaving.

    `library` is a folder that holds the package `spanfold`. `deliver` gets what CloudWatch Logs hands to whoever has
    subscribed to the functions' and the state machine's logs.
    """
    with ExitStack() as held:
        started = held.enter_context(launcher())  # before anything makes a thread
        held.enter_context(mock_aws())
        answering = held.enter_context(front())
        stack = Stack(template, "shop", {"SpanfoldLayerArn": "local", "SpanfoldReceiverArn": "local"})
        stage = Stage(stack, library, (answering, started), deliver, differences or Differences())
        held.callback(stage.close)
        yield stage


def _subscriptions(stack: Stack, deliver: Deliver) -> dict[str, Subscription]:
    """By log group."""
    return {
        declared["LogGroupName"]: Subscription(declared["LogGroupName"], declared["FilterPattern"], ACCOUNT, deliver)
        for declared in stack.of_type("AWS::Logs::SubscriptionFilter").values()
    }
