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


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`name` tells it from others of its day (a sequence number, or what it is about), `about` what it was."""

    name: str
    reason: str
    about: Mapping[str, str | int]


def bury(services: Services, letters: Sequence[DeadLetter], deadline: Deadline) -> None:
    """Keep every letter, of one name the last. Raises StoreError."""
    if not letters:
        return
    now_s = services.now_ns() // NS_PER_S
    views = {
        letter.name: View(
            partition=dead_partition(now_s),
            sort=letter.name,
            body=msgspec.json.encode({"reason": letter.reason, **letter.about}),
            expires_at_s=now_s + services.settings.retention_s,
        )
        for letter in letters
    }
    services.views.put(SYSTEM_TENANT, list(views.values()), deadline)
    for letter in letters:
        services.telemetry.warning("dead letter", {"name": letter.name, "reason": letter.reason, **letter.about})


def reason_of(services: Services, error: Exception) -> str:
    """Why something is a dead letter: what our own errors say, and of others their name (the log has the rest)."""
    if isinstance(error, TracingError):
        return error.detail
    services.telemetry.failure("content that our code fails on", error)
    return type(error).__name__
