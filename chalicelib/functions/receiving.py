"""What the receivers have in common: payloads in, the names of those that are to be given again out.

What cannot be read becomes a dead letter, whole, since giving it again would change nothing; only a store that is away
makes a payload fail. All that is done here may be done again: blocks land on themselves, and so do dead letters.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from chalicelib.codecs.carried import Carried, Limits, Unreadable, read_carried
from chalicelib.codecs.step_functions.logs import Memory
from chalicelib.collector.carried import collect_carried
from chalicelib.model.deadline import Deadline
from chalicelib.model.errors import PayloadError, StoreError
from chalicelib.services import Services
from chalicelib.views.dead_letters import UNEXPECTED, DeadLetter, bury, reason_of

# Payloads are read and kept together up to so many bytes as they came: one write serves spans of one trace in several,
# and what fails together is not too much. Unpacked they may be twenty times that.
GROUP_BYTES = 1024 * 1024


class Parcel(NamedTuple):
    """One message, record or delivery: `name` is what its source calls it, and the same each time it is given."""

    name: str
    payload: bytes


def receive(
    services: Services, source: str, parcels: Sequence[Parcel], deadline: Deadline, *, in_order: bool = False
) -> dict[str, StoreError]:
    """Keep what the parcels carry; of those that are to be given again, the name and why. Raises nothing else.

    `source` is part of a dead letter's name. `in_order`: nothing is begun after what failed, which is given again too.
    """
    failures: dict[str, StoreError] = {}
    services.telemetry.count({"bytes_received": sum(len(parcel.payload) for parcel in parcels)})
    for group in _groups(parcels):
        if in_order and failures:
            failures |= dict.fromkeys((parcel.name for parcel in group), next(iter(failures.values())))
            continue
        try:
            _take(services, source, group, deadline)
        except StoreError as away:
            failures |= dict.fromkeys((parcel.name for parcel in group), away)
    return failures


def _groups(parcels: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    group: list[Parcel] = []
    size_bytes = 0
    for parcel in parcels:
        if group and size_bytes + len(parcel.payload) > GROUP_BYTES:
            yield group
            group, size_bytes = [], 0
        group.append(parcel)
        size_bytes += len(parcel.payload)
    if group:
        yield group


def _take(services: Services, source: str, parcels: Sequence[Parcel], deadline: Deadline) -> None:
    """Raises StoreError, when nothing of the parcels may be durable."""
    letters: list[DeadLetter] = []
    carried: list[Carried] = []
    for parcel in parcels:
        try:
            carried.append(read_carried(parcel.payload, _limits(services), _memory()))
        except (PayloadError, *UNEXPECTED) as wrong:
            letters.append(_letter(services, source, parcel, wrong))
        else:
            letters += [_letter_of_line(source, parcel, line) for line in carried[-1].unreadable]
    try:
        _collect(services, carried, deadline)
    except (PayloadError, *UNEXPECTED) as wrong:
        if len(parcels) > 1:  # one of them is at fault, or they are too much together
            for parcel in parcels:
                _take(services, source, [parcel], deadline)
            return
        letters.append(_letter(services, source, parcels[0], wrong))
    bury(services, letters, deadline)
    services.telemetry.count({"records_dead": len(letters)})


def _collect(services: Services, carried: Sequence[Carried], deadline: Deadline) -> None:
    collected = collect_carried(services, services.settings.receiver_tenant, carried, deadline)
    if collected.rejections:
        counts = {"spans_rejected": len(collected.rejections), "spans_stored": collected.stored}
        services.telemetry.note("spans were rejected", counts)


@cache  # one for a container
def _memory() -> Memory:
    return Memory()


def _limits(services: Services) -> Limits:
    return Limits(services.settings.max_decompressed_bytes, services.settings.max_nesting_depth)


def _letter(services: Services, source: str, parcel: Parcel, wrong: Exception) -> DeadLetter:
    return DeadLetter(
        name=f"{source}#{parcel.name}",
        reason=reason_of(services, wrong),
        about={"bytes": len(parcel.payload)},
        content=parcel.payload,
    )


def _letter_of_line(source: str, parcel: Parcel, line: Unreadable) -> DeadLetter:
    name = f"{source}#{parcel.name}#{line.name}" if not line.place else f"{source}#{line.name}"
    return DeadLetter(name=name, reason=line.reason, about=line.place, content=line.content)
