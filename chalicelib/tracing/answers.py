"""What a handler's answer says of how it went: an HTTP status, or the records of a batch that are to come again.

Lambda developer guide, "Using Lambda with Amazon SQS" and "… Kinesis", on partial batch responses (read November 2026):
`{"batchItemFailures": [{"itemIdentifier": …}]}`; an empty or missing list, or null, is success; an identifier that is
empty, or that no record has, is a failure of the whole batch. From a stream everything comes again that follows the
first failure.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WITHOUT_STATUS = frozenset({"api-gateway-http", "function-url"})  # they answer 200 for whatever else is returned
IN_ORDER = ("kinesis", "dynamodb")
_NOTHING: "tuple[int, ...]" = ()


def status_code(answer: object, kind: str) -> int:
    """The HTTP status that the caller sees; 0 if the answer has none."""
    code = answer.get("statusCode") if isinstance(answer, dict) else getattr(answer, "status_code", None)
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == 3:
        code = int(code)
    if isinstance(code, int) and 100 <= code <= 599:
        return int(code)
    return 200 if code is None and kind in WITHOUT_STATUS else 0


class Failures:
    """Of a batch. `failed`: positions of the records named as failed; `again`: how many records come again;
    `is_whole`: all of them, because a name fits none.
    """

    __slots__ = ("again", "failed", "is_whole")

    def __init__(self, failed: "Sequence[int]" = _NOTHING, again: int = 0, *, is_whole: bool = False) -> None:
        self.failed = failed
        self.again = again
        self.is_whole = is_whole


def failures(answer: object, identifiers: "Sequence[str]", kind: str) -> Failures:
    """What the answer to a batch with these identifiers says. Raises nothing."""
    named = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not isinstance(named, list) or not named:
        return Failures()
    positions = {name: position for position, name in reversed(list(enumerate(identifiers))) if name}
    found = [_position(one, positions) for one in named]
    count = len(identifiers)
    if None in found:
        return Failures(range(count), count, is_whole=True)
    failed = sorted({position for position in found if position is not None})
    again = count - failed[0] if kind.startswith(IN_ORDER) else len(failed)
    return Failures(failed, again)


def _position(one: object, positions: "dict[str, int]") -> int | None:
    name = one.get("itemIdentifier") if isinstance(one, dict) else None
    return positions.get(name) if isinstance(name, str) else None
