"""Listening to botocore: the events of every call of a session's or client's.

botocore offers hooks for all we need, so nothing is patched: `register_initializer` for the sessions to come, whose
clients inherit what a session listens to; `events.register` for a session or client that is there. Those are found by
asking the garbage collector once (6 ms of a process with boto3), since botocore keeps no list of them. What gc.freeze()
hid is not found: such a client is named, `instrument(client)`.

Order of events in a call (botocore.client.BaseClient._make_api_call): provide-client-params, before-parameter-build,
[validation, serialisation], before-call, then for each attempt request-created and response-received, and at last
after-call or after-call-error. All get the call's own `context` dict, in which ours is kept. A presigned URL runs
through the first two only, and says so in its context.
"""

import sys
from contextvars import ContextVar
from weakref import ref

from ..switches import tracer_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    from ...span import Span
    from .calls import Call

NAME = "botocore"
KEY = "spanfold"  # of a call's context, and the beginning of our handlers' names

# The call that is under way here: what it needs (an assumed role, a bucket's region) is called within. Held weakly, so
# that one which botocore gave up without a word is not taken for the parent of what follows.
_UNDER_WAY: "ContextVar[ref[Call] | None]" = ContextVar("spanfold_aws_call", default=None)


def _parent() -> "Span | None":
    held = _UNDER_WAY.get()
    call = held() if held is not None else None
    return call.span if call is not None and not call.span.end_ns else None


def begin(params: "Any" = None, model: "Any" = None, context: "Any" = None, **_: object) -> "Any":
    """provide-client-params: the call begins. Answers a copy of the parameters, which are to be changed."""
    tracer = tracer_for(NAME)
    if tracer is None or "is_presign_request" in context:
        return None
    from .calls import Call  # noqa: PLC0415  # and all that knows formats and services: at the first call

    call = context[KEY] = Call(tracer, model, params, _parent(), context.get("client_region") or "")
    return call.copied


def prepare(call: "Call", params: "Any" = None, model: "Any" = None, **_: object) -> None:
    """before-parameter-build: nobody changes the parameters after us."""
    shape = model.input_shape
    call.prepare(params, frozenset(shape.members) if shape is not None else frozenset())


def leave(call: "Call", params: "Any" = None, **_: object) -> None:
    """before-call: the request is made, not yet signed."""
    call.outer = _UNDER_WAY.get()
    _UNDER_WAY.set(ref(call))
    call.leave(params)


def again(call: "Call", request: "Any" = None, **_: object) -> None:
    """request-created: an attempt is made."""
    call.again(request.context.get("retries", {}).get("attempt", 1))


def attempted(call: "Call", parsed_response: "Any" = None, exception: "Any" = None, **_: object) -> None:
    """response-received: an attempt was answered, or not."""
    call.attempted(parsed_response, exception)


def answer(call: "Call", http_response: "Any" = None, parsed: "Any" = None, **_: object) -> None:
    """after-call: there is an answer, perhaps that it is an error."""
    _UNDER_WAY.set(call.outer)
    call.answer(http_response.status_code, parsed)


def fail(call: "Call", exception: "Any" = None, context: "Any" = None, **_: object) -> None:
    """after-call-error: there is none."""
    _UNDER_WAY.set(call.outer)
    call.fail(exception, context.get("retries", {}).get("attempt", 1))


def _begins(**told: "Any") -> "Any":
    try:
        return begin(**told)
    except Exception as error:
        _swallow(error, "begin")
        return None


def _follows(act: "Callable[..., None]") -> "Callable[..., None]":
    """The handler of a later event: does nothing in a call that has no span, and never raises."""

    def follow(**told: "Any") -> None:
        context = told.get("context")
        try:
            call = (told["request"].context if context is None else context).get(KEY)
            if call is not None:
                act(call, **told)
        except Exception as error:
            _swallow(error, act.__name__)

    return follow


def _swallow(error: Exception, where: str) -> None:
    tracer = tracer_for(NAME)
    if tracer is not None:
        tracer.swallow(error, f"{NAME}.{where}")


# Last: other hooks have had their say on the parameters. First: botocore sets X-Amzn-Trace-Id only where it is not set.
HANDLERS = (
    ("provide-client-params", "register_last", _begins),
    ("before-parameter-build", "register_last", _follows(prepare)),
    ("before-call", "register_first", _follows(leave)),
    ("request-created", "register_last", _follows(again)),
    ("response-received", "register_last", _follows(attempted)),
    ("after-call", "register_last", _follows(answer)),
    ("after-call-error", "register_last", _follows(fail)),
)


def listen(events: "Any") -> None:
    """Listen to an emitter (a session's component, a client's meta.events). Twice is once."""
    for event, register, handler in HANDLERS:
        getattr(events, register)(event, handler, unique_id=f"{KEY}-{event}")


def unlisten(events: "Any") -> None:
    """Listen no more."""
    for event, _, handler in HANDLERS:
        events.unregister(event, handler, unique_id=f"{KEY}-{event}")


def events_of(target: "Any") -> "Any":
    """The emitter of a client, a resource, a boto3 or botocore session; None for what is none of these."""
    meta = getattr(target, "meta", None)
    owner = getattr(meta, "client", target)  # a resource has a client
    owner = getattr(owner, "_session", owner)  # boto3.Session has botocore's
    if hasattr(owner, "get_component"):
        return owner.get_component("event_emitter")
    return getattr(getattr(owner, "meta", None), "events", None)


def _listen_to_session(session: "Any") -> None:
    listen(session.get_component("event_emitter"))


def start(botocore: "ModuleType") -> None:
    """Listen to every session and client, those that are there and those to come. Twice is once."""
    stop(botocore)
    botocore.register_initializer(_listen_to_session)
    for target in existing():
        listen(events_of(target))


def stop(botocore: "ModuleType") -> None:
    """Forget the sessions to come. What listens already is off (see ..switches)."""
    try:  # noqa: SIM105  # contextlib is not imported for this
        botocore.unregister_initializer(_listen_to_session)
    except ValueError:
        pass


def existing() -> "Iterator[Any]":
    """Sessions and clients that were made before. Nothing is looked through where botocore made none."""
    classes = {kind for root in _roots() for kind in _with_subclasses(root)}
    if not classes:
        return
    from gc import get_referrers  # noqa: PLC0415

    # An instance refers to its class. By type(), for isinstance asks proxies (a framework's lazy objects) what they
    # are, which wakes them.
    yield from [thing for thing in get_referrers(*classes) if type(thing) in classes]


def _roots() -> "Iterator[type]":
    for module, name in (("botocore.session", "Session"), ("botocore.client", "BaseClient")):
        root = getattr(sys.modules.get(module), name, None)
        if root is not None:
            yield root


def _with_subclasses(root: type) -> "Iterator[type]":
    yield root
    subclasses: list[type] = type.__subclasses__(root)
    for subclass in subclasses:
        yield from _with_subclasses(subclass)
