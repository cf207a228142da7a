"""EventBridge's part: events that match a rule, as a function is invoked with them.

moto matches events with rules and puts them into queues, so each rule has a queue here that nobody else sees.
"""

import json
from typing import Any

from examples.workflow.stage.aws import Front
from examples.workflow.stage.lambdas import Function
from examples.workflow.stage.queues import Queue
from examples.workflow.stage.template import arn, client


class RuleTarget:
    """A rule whose events go to a function."""

    def __init__(self, name: str, bus: str, pattern: Any, function: Function, front: Front) -> None:
        self._function = function
        self._front = front
        client("sqs").create_queue(QueueName=f"{name}-events")
        self._queue = Queue(arn("sqs", f"{name}-events"))
        events = client("events")
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "function", "Arn": self._queue.arn}])

    def step(self) -> bool:
        """Deliver one event; False if there is none. A function that fails gets it again, as an asynchronous call."""
        messages = self._queue.receive(1)
        for message in messages:
            event = json.loads(message["Body"])
            invoked = self._function.invoke(event, xray=self._front.trace_headers.get(event["id"], ""))
            is_over = invoked.error is None or int(message["Attributes"]["ApproximateReceiveCount"]) > 2  # two retries
            (self._queue.delete if is_over else self._queue.give_back)(message["ReceiptHandle"])
        return bool(messages)
