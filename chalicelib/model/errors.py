"""Every error Spanfold raises on purpose, and whose fault it is.

    TracingError
    ├─ PayloadError(dialect, detail)          the sender's       400
    │  ├─ UnknownMediaType                                       415
    │  └─ PayloadTooLarge(limit_bytes)                           413
    ├─ QueryError(line, column)               the asker's        400
    ├─ PolicyError(path)                      the writer's       400
    ├─ NotPermitted                           the caller's       401 / 403
    │  ├─ NoCredentials                                          401
    │  └─ ScopeMissing                                           403
    ├─ NoSuchTrace(trace_id)                  nobody's           404
    ├─ NoSuchPath                             the caller's       404
    ├─ MethodNotAllowed(allowed)              the caller's       405
    ├─ AnswerTooLarge                         nobody's           422
    └─ StoreError                             ours               503
       ├─ StoreThrottled                                         429
       └─ UnreadableBlock                                        503

Raise at the place that knows; each dialect's routes render `status`, `detail` and, where it is set,
`retry_after_s` in that dialect's own error body. A store that is slow or away is always 503 or 429,
because senders retry only those (OTLP/HTTP, "Retryable Response Codes").
"""

from typing import ClassVar


class TracingError(Exception):
    """Something went wrong that the caller should hear about in `detail`, in words that name the offending value."""

    status: ClassVar[int] = 500
    retry_after_s: int | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class PayloadError(TracingError):
    """The body could not be read as `dialect`; `detail` says what and, where known, where."""

    status = 400

    def __init__(self, dialect: str, detail: str) -> None:
        super().__init__(detail)
        self.dialect = dialect


class UnknownMediaType(PayloadError):
    """A Content-Type that the dialect does not have."""

    status = 415


class PayloadTooLarge(PayloadError):
    """More than `limit_bytes`, before or after decompression, or more things than the number `detail` names."""

    status = 413

    def __init__(self, dialect: str, detail: str, limit_bytes: int) -> None:
        super().__init__(dialect, detail)
        self.limit_bytes = limit_bytes


class QueryError(TracingError):
    """A question that cannot be asked this way: a malformed id, a cursor of another trace, a query that is no TraceQL.

    `line` and `column` (both from 1, columns in code points) say where, when the question is a text with lines.
    """

    status = 400

    def __init__(self, detail: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail)
        self.line = line
        self.column = column


class PolicyError(TracingError):
    """A sampling document that cannot be meant; `path` (JSON path, `$.policies[0].latency`) says where."""

    status = 400

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path


class NotPermitted(TracingError):
    """The caller may not do this."""

    status = 403


class NoCredentials(NotPermitted):
    """No key, an unknown key, a wrong secret or an expired one: all answered alike, so that nothing is learnt."""

    status = 401


class ScopeMissing(NotPermitted):
    """A good key that was not made for this."""

    status = 403


class NoSuchTrace(TracingError):
    """The tenant has no unexpired block of this trace."""

    status = 404

    def __init__(self, trace_id: str) -> None:
        super().__init__(f"no trace {trace_id}")
        self.trace_id = trace_id


class NoSuchPath(TracingError):
    """Nothing lives at this path, or nothing that Spanfold does."""

    status = 404


class MethodNotAllowed(TracingError):
    """A path that exists, asked with a method that it does not have."""

    status = 405

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{method} is not allowed here; use {' or '.join(allowed)}")
        self.allowed = allowed


class AnswerTooLarge(TracingError):
    """What was asked for is more than one answer may weigh; `detail` says how to ask for less."""

    status = 422


class StoreError(TracingError):
    """The store could not take or give everything in time. What was asked may be repeated without harm."""

    status = 503

    def __init__(self, detail: str, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class UnreadableBlock(StoreError):
    """What is kept is not a block, or of a version that this one does not know: asking again gives the same."""


class StoreThrottled(StoreError):
    """The store asks us to slow down, and so we ask the sender."""

    status = 429
