"""What views give back, and how errors look in Spanfold's own dialect."""

from collections.abc import Callable, Mapping

import msgspec

from chalicelib.model.errors import MethodNotAllowed, NoCredentials, QueryError, TracingError

JSON = "application/json"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Status, body, and `media_type` (None: there is no body to have one). Header names in lower case."""

    status: int = 200
    body: bytes = b""
    media_type: str | None = JSON
    headers: Mapping[str, str] = {}


class Dialect(msgspec.Struct, frozen=True):
    """A protocol by its name, and how it says that something went wrong.

    `refuse` takes the request's headers (the form may depend on them) and the error, and gives status, body and
    media type; the headers that every dialect shares are added by `refusal`.
    """

    name: str
    refuse: Callable[[Mapping[str, str], TracingError], Answer]


def refusal(dialect: Dialect, headers: Mapping[str, str], error: TracingError) -> Answer:
    """The dialect's answer to `error`, with Retry-After, WWW-Authenticate or Allow as HTTP asks for."""
    answer = dialect.refuse(headers, error)
    extra: dict[str, str] = {}
    if error.retry_after_s is not None:
        extra["retry-after"] = str(error.retry_after_s)  # whole seconds: senders read nothing finer
    if isinstance(error, NoCredentials):
        extra["www-authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        extra["allow"] = ", ".join(error.allowed)
    return msgspec.structs.replace(answer, headers={**answer.headers, **extra}) if extra else answer


def json_answer(value: object, status: int = 200) -> Answer:
    """`value` as JSON."""
    return Answer(status=status, body=msgspec.json.encode(value))


def _refuse(headers: Mapping[str, str], error: TracingError) -> Answer:
    del headers  # readers get JSON whatever they accept
    described: dict[str, str | int] = {"code": error_code(error), "message": error.detail}
    if isinstance(error, QueryError) and error.line is not None and error.column is not None:
        described |= {"line": error.line, "column": error.column}
    return json_answer({"error": described}, error.status)


def error_code(error: TracingError) -> str:
    """The error's name for programs: `noSuchTrace`, `queryError`, `storeThrottled`."""
    name = type(error).__name__
    return name[0].lower() + name[1:]


NATIVE = Dialect("spanfold", _refuse)
