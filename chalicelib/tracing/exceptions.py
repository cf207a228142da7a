"""An exception as OpenTelemetry's attributes ("Exceptions on spans"). Nothing here raises, whatever it is."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .span import Value

MAX_FRAMES = 64


def type_of(error: BaseException) -> str:
    """Its class, with the module unless that is `builtins`."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: BaseException, most: int) -> str:
    """What it says, cut at `most` characters; "" if it cannot."""
    try:
        return str(error)[:most]
    except Exception:
        return ""


def described(error: BaseException, most: int) -> "dict[str, Value]":
    """Type, message and stack trace; of a long trace the end, where the fault is."""
    return {
        "exception.type": type_of(error),
        "exception.message": message_of(error, most),
        "exception.stacktrace": _trace(error)[-most:],
    }


def _trace(error: BaseException) -> str:
    import traceback  # noqa: PLC0415

    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-MAX_FRAMES))
    except Exception:
        return ""
