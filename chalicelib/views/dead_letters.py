"""What could not be made use of, put where a person finds it: it is counted, told, and stands in nobody's way."""

from collections.abc import Mapping, Sequence

import msgspec

from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import TracingError
from chalicelib.model.view import SYSTEM_TENANT, View
from chalicelib.model.windows import NS_PER_S
from chalicelib.services import Services
from chalicelib.storage.view_names import dead_partition

# What content may make our code raise that nobody thought of. A trace that does is set aside; the others go on.
UNEXPECTED = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


MAX_CONTENT_BYTES = 256 * 1024  # of a letter: in base64 it has to fit into a view


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`name` tells it from others of its day (a sequence number, or what it is about), `about` what it was.

    `content`: what is nowhere else, since its source forgets it; as far as MAX_CONTENT_BYTES kept with the letter, in
    base64, and never logged.
    """

    name: str
    reason: str
    about: Mapping[str, str | int]
    content: bytes = b""


def bury(services: Services, letters: Sequence[DeadLetter], deadline: Deadline) -> None:
    """Keep every letter, of one name the last. Raises StoreError."""
    if not letters:
        return
    now_s = services.now_ns() // NS_PER_S
    views = {
        letter.name: View(
            partition=dead_partition(now_s),
            sort=letter.name,
            body=msgspec.json.encode(_body(letter)),
            expires_at_s=now_s + services.settings.retention_s,
        )
        for letter in letters
    }
    services.views.put(SYSTEM_TENANT, list(views.values()), deadline)
    for letter in letters:
        services.telemetry.warning("dead letter", {"name": letter.name, "reason": letter.reason, **letter.about})


def _body(letter: DeadLetter) -> dict[str, object]:
    content = {"content": letter.content[:MAX_CONTENT_BYTES]} if letter.content else {}
    return {"reason": letter.reason, **letter.about, **content}


def reason_of(services: Services, error: Exception) -> str:
    """Why something is a dead letter: what our own errors say, and of others their name (the log has the rest)."""
    if isinstance(error, TracingError):
        return error.detail
    services.telemetry.failure("content that our code fails on", error)
    return type(error).__name__
