"""The one DynamoDB client of a container, and the two things that are added to the SDK's own behaviour.

Retries are the SDK's (standard mode, three attempts, jittered), because it knows which failures pass. What it does
not know is how long our caller waits: `call` tells it, and an attempt is not begun after that moment. An attempt
under way may outlast it by its time-outs (CONNECT_TIMEOUT_S + READ_TIMEOUT_S).

The body of BatchWriteItem is encoded by msgspec and not by botocore's walk over the service model: the same JSON in
25 microseconds rather than 640 for 25 items of 1 KB. Together with a fixed User-Agent (botocore composes its own anew
for every attempt) such a call costs 0.28 ms of CPU rather than 1.0 ms (benchmarks/sdk_share.py; CPython 3.11,
botocore 1.44). Signing, endpoints, retries, checksums and parsing stay as they are.

The endpoint and region are found by botocore: AWS_ENDPOINT_URL_DYNAMODB, AWS_DEFAULT_REGION and the rest.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import StoreError

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 2
TOTAL_ATTEMPTS = 3
USER_AGENT = "spanfold"

_BODY = "spanfold_body"  # our place in the context that botocore passes from hook to hook of one call
_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


Operation = Callable[..., dict[str, Any]]
Client = TypeVar("Client")


class DynamoClient(Protocol):
    """What we use of botocore's client, whose methods exist only once it has read its service model."""

    meta: Any
    batch_write_item: Operation
    query: Operation
    get_item: Operation
    put_item: Operation
    scan: Operation
    create_table: Operation
    describe_table: Operation
    update_time_to_live: Operation
    get_waiter: Callable[[str], Any]


class OnceMade(Generic[Client]):
    """A client that is made once, when it is first needed, by whichever thread comes first."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._made: Client | None = None
        self._lock = Lock()

    def client(self) -> Client:
        """The client; threads may share it. Raises StoreError if the surroundings do not allow one."""
        from chalicelib.storage.dynamodb.errors import SDK_ERRORS, not_set_up  # noqa: PLC0415  # needs botocore

        with self._lock:  # sessions are not safe to use from two threads, clients are
            if self._made is None:
                try:
                    self._made = self._make()
                except (*SDK_ERRORS, ValueError) as error:  # a ValueError is about the endpoint's URL
                    raise not_set_up(error) from error
        return self._made


class Connection(OnceMade[DynamoClient]):
    """DynamoDB's client, made on first use."""


def make_client(**given: Any) -> DynamoClient:
    """A client as production uses it; `given` goes to botocore's create_client (region_name, endpoint_url, keys)."""
    client = cast("DynamoClient", sdk_client("dynamodb", **given))
    client.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", _encode_body)
    client.meta.events.register("before-call.dynamodb.BatchWriteItem", _use_body)
    return client


def sdk_client(service: str, **given: Any) -> Any:
    """A client of botocore's, with our time-outs and retries, and no attempt after the `within` deadline."""
    import botocore.session  # noqa: PLC0415  # a fifth of a second, which an app that is only packaged need not pay
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        retries={"mode": "standard", "total_max_attempts": TOTAL_ATTEMPTS},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        parameter_validation=False,
        user_agent=USER_AGENT,
    )
    client = botocore.session.get_session().create_client(service, config=config, **given)
    client.meta.events.register_first(f"request-created.{service}", _refuse_after_deadline)
    return client


def call(operation: Operation, deadline: Deadline | None, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The SDK's answer to one operation, with no attempt begun after `deadline` (None: as long as it takes).

    Raises StoreThrottled or StoreError, from the SDK's own error.
    """
    from chalicelib.storage.dynamodb.errors import SDK_ERRORS, translated  # noqa: PLC0415  # needs botocore

    try:
        with within(deadline):
            return operation(**parameters)
    except SDK_ERRORS as error:
        raise translated(error, _table(parameters)) from error


@contextmanager
def within(deadline: Deadline | None) -> Iterator[None]:
    """Inside, a client of `sdk_client` begins no attempt after `deadline`, and raises StoreError in its place."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def _table(parameters: Mapping[str, Any]) -> str:
    """The one that is named: by itself, or as the only key of a BatchWriteItem's items."""
    return str(parameters.get("TableName") or ", ".join(parameters["RequestItems"]))


def _encode_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> dict[str, Any]:
    """Take the items away from botocore's serialiser; table names stay, since the choice of endpoint looks at them."""
    context[_BODY] = msgspec.json.encode(params)  # bytes become padded base64, as DynamoDB wants them
    return {**params, "RequestItems": dict.fromkeys(params["RequestItems"], ())}


def _use_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = context.pop(_BODY)


def _refuse_after_deadline(**_: object) -> None:
    deadline = _deadline.get()
    if deadline is not None and deadline.remaining_s() <= 0:
        raise StoreError("the store did not answer in time")
