"""The log events of state machines (log groups `/aws/vendedlogs/states/…`, standard and express workflows) as spans.

from chalicelib.codecs.step_functions import logs

memory = logs.Memory()                       # one for a container
if logs.is_execution_event(message):         # the text of one log event
decoded = logs.read([message, …], memory)   # a Decoded for collector.collect
"""

from collections.abc import Iterable

from chalicelib.codecs.otlp.decoded import Decoded


class Memory:
    """Log events of executions that have not ended, so that batches which come to one container complete each other."""


def is_execution_event(message: str) -> bool:
    """Whether the text of a log event is that of a state machine's; raises nothing."""
    raise NotImplementedError


def read(messages: Iterable[str], memory: Memory | None = None) -> Decoded:
    """The spans of all executions in `messages`, in any order; what is no such event is a rejection. Raises nothing."""
    raise NotImplementedError
