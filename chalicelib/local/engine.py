"""Where the local runner keeps blocks: moto in this process, or whatever AWS_ENDPOINT_URL_DYNAMODB names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any, NamedTuple, cast

from chalicelib import wiring
from chalicelib.model.errors import StoreError
from chalicelib.settings import Settings
from chalicelib.storage.dynamodb.client import Connection, DynamoClient, make_client

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_DYNAMODB"
REGION = "us-east-1"


class EngineUnreachable(Exception):
    """The engine in AWS_ENDPOINT_URL_DYNAMODB does not answer, or not as DynamoDB would; or the SDK cannot ask any."""


class Engine(NamedTuple):
    """The stores, and a few words for the terminal."""

    stores: wiring.Stores
    description: str
    embedded: bool


@contextmanager
def engine(settings: Settings, environ: Mapping[str, str]) -> Iterator[Engine]:
    """The engine, its three tables made; the embedded one empty, and gone on leaving. Raises EngineUnreachable."""
    endpoint = environ.get(ENDPOINT_VARIABLE)
    if endpoint:
        yield _external(settings, environ, endpoint)
        return
    # moto sorts the whole table for every query; past a few thousand blocks an external engine is quicker.
    from moto import mock_aws  # noqa: PLC0415  # half a second, which an external engine does without

    with mock_aws():
        here = {"region_name": REGION, "endpoint_url": f"https://dynamodb.{REGION}.amazonaws.com"}
        connection = Connection(lambda: cast("DynamoClient", _OneAtATime(make_client(**here, **_ANY_CREDENTIALS))))
        stores = wiring.stores_over(settings, connection)
        _make_missing_tables(stores, "the embedded engine cannot be asked", has_streams=False)
        yield Engine(stores, "an embedded DynamoDB, gone when this stops", embedded=True)


class _OneAtATime:
    """A client whose calls wait for each other: moto walks through tables that other threads change meanwhile."""

    def __init__(self, client: DynamoClient) -> None:
        self.meta = client.meta
        self._client = client
        self._lock = RLock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._client, name)

        def locked(*positional: Any, **named: Any) -> Any:
            with self._lock:
                return operation(*positional, **named)

        return locked


_ANY_CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


def _external(settings: Settings, environ: Mapping[str, str], endpoint: str) -> Engine:
    region = environ.get("AWS_DEFAULT_REGION") or environ.get("AWS_REGION") or REGION
    # Local engines take any credentials but not none; real ones are left to the SDK's usual search.
    credentials = {} if environ.get("AWS_ACCESS_KEY_ID") or environ.get("AWS_PROFILE") else _ANY_CREDENTIALS
    stores = wiring.stores(settings, region_name=region, endpoint_url=endpoint, **credentials)
    told = f"start {ENDPOINT_VARIABLE}={endpoint}, or unset it for the embedded engine"
    made = _make_missing_tables(stores, told)
    words = f"DynamoDB at {endpoint}" + (f", made {', '.join(made)}" if made else "")
    return Engine(stores, words, embedded=False)


def _make_missing_tables(stores: wiring.Stores, context: str, *, has_streams: bool = True) -> tuple[str, ...]:
    """The names of the tables made. Raises EngineUnreachable, in one line that begins with `context`."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return stores.make_missing_tables(has_streams=has_streams)  # tap.py says why the embedded one has none
    except StoreError as error:  # no client could be made
        raise EngineUnreachable(f"{context}: {error.__cause__}") from error
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise EngineUnreachable(f"{context}: {error}") from error
