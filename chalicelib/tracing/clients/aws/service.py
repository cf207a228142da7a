"""What is known of one AWS service, beside what all calls have in common."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ....propagation.context import TraceContext
    from ...span import Value
    from .injection import Injection

    Params = dict[str, Any]  # of a call, as botocore has them before it serialises them
    Answer = Mapping[str, Any]  # parsed
    Attributes = dict[str, Value]
    Describe = Callable[[str, Params], Attributes]
    Fill = Callable[[Injection, Params], None]
    Joins = Callable[[Params, Answer], list[str]]
    Learn = Callable[[str, Params, Answer], Attributes]


def _nothing(*_: object) -> "Attributes":
    return {}


def _nowhere(_: "Params") -> str:
    return ""


class Service:
    """One service.

    `attributes`: a parameter's name to OpenTelemetry's attribute; texts, numbers and booleans only. `describe`: more
    attributes of a request. `verbs`: operations whose span is called `<verb> <destination>`; `destination` finds that
    in the parameters, "" for none. `sends`: operations that send a message on, a PRODUCER's where the context goes
    along. `fills`: operations that can carry a context, and how it gets in: a fill may set keys of the parameters it
    is given, and must not change what they hold, for that is the caller's. `joins`: operations whose answer names what
    they sent. `failures`: an operation's key for entries that failed alone, and the code's key in one. `learn`:
    attributes of an answer. `producers`: operations whose answer brings messages, and who sent those.
    """

    __slots__ = (
        "attributes", "describe", "destination", "failures", "fills",
        "joins", "learn", "producers", "sends", "verbs",
    )  # fmt: skip

    def __init__(
        self,
        *,
        attributes: "Mapping[str, str] | None" = None,
        describe: "Describe" = _nothing,
        destination: "Callable[[Params], str]" = _nowhere,
        verbs: "Mapping[str, str] | None" = None,
        sends: tuple[str, ...] = (),
        fills: "Mapping[str, Fill] | None" = None,
        joins: "Mapping[str, Joins] | None" = None,
        failures: "Mapping[str, tuple[str, str]] | None" = None,
        learn: "Learn" = _nothing,
        producers: "Mapping[str, Callable[[Answer], list[TraceContext]]] | None" = None,
    ) -> None:
        self.attributes = attributes or {}
        self.describe = describe
        self.destination = destination
        self.verbs = verbs or {}
        self.sends = sends
        self.fills = fills or {}
        self.joins = joins or {}
        self.failures = failures or {}
        self.learn = learn
        self.producers = producers or {}


UNKNOWN = Service()
