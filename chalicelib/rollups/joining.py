"""Loose ends of joins put together: calls between services of different traces. One hour at a time, as for red.py.

A received end is joined to the last sent end of its name that began before it (in the same second at the latest), at
most a look-back ago; else to the first that began within CLOCK_SKEW_S after it in its hour. Whoever sends under a name
twice (an object written again) is thus told apart by time, and a message that is received five times is five calls.
They count in the minute of the receiver. A receiver that was taken for called by the user is not any more.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from chalicelib.model.windows import HOUR_S
from chalicelib.rollups.keys import ERRORS, FAILED, FROM_USER, IS_CALL, MINUTES, RECEIVED, SERVER_SIDE, JoinKey
from chalicelib.rollups.peers import THE_USER, service_node
from chalicelib.rollups.rollup import Rollup, Sum

CLOCK_SKEW_S = 5
_SECONDS = HOUR_S // MINUTES

Ends = Mapping[JoinKey, int]
EndsOf = Callable[[int], Ends]


class _Sender(NamedTuple):
    """A sent end, by when it was (epoch seconds)."""

    moment_s: int
    key: JoinKey
    weight: int


def joined(rollup: Rollup, hour: int, ends_of: EndsOf, look_back_s: int) -> Rollup:
    """`rollup`, of `hour`, with the calls of its received ends, and without any ends.

    `ends_of` gives all ends of an hour. It is asked for this one, and for earlier ones as long as something is missing.
    """
    received = sorted((key, count) for key, count in rollup.joins.items() if key[2] & RECEIVED and count > 0)
    result = Sum()
    result.add(msgspec.structs.replace(rollup, joins={}))
    for receiver, weight, sender in _pairs(received, hour, ends_of, look_back_s):
        if sender.key[3] != receiver[3]:
            _count(result, receiver, weight, sender)
    return result.rollup()


def _pairs(
    received: list[tuple[JoinKey, int]], hour: int, ends_of: EndsOf, look_back_s: int
) -> Iterator[tuple[JoinKey, int, _Sender]]:
    """Each received end that has a sender, with its weight."""
    left = received
    first: dict[int, list[_Sender]] = {}
    for at in range(hour, hour - look_back_s - HOUR_S, -HOUR_S):
        if not left:
            return
        senders = _senders(ends_of(at), at, {key[1] for key, _ in left})
        first = first or senders
        missing = []
        for key, weight in left:
            sender = _last_before(senders.get(key[1], []), hour + key[0], look_back_s)
            if sender is None:
                missing.append((key, weight))
            else:
                yield key, weight, sender
        left = missing
    for key, weight in left:
        sender = _soon_after(first.get(key[1], []), hour + key[0])
        if sender is not None:
            yield key, weight, sender


def _senders(ends: Ends, hour: int, names: set[int]) -> dict[int, list[_Sender]]:
    """The sent ends of these names, by name, in order of time."""
    found: defaultdict[int, list[_Sender]] = defaultdict(list)
    for key, count in ends.items():
        if not key[2] & RECEIVED and count > 0 and key[1] in names:
            found[key[1]].append(_Sender(hour + key[0], key, count))
    for senders in found.values():
        senders.sort()
    return found


def _last_before(senders: list[_Sender], moment_s: int, look_back_s: int) -> _Sender | None:
    at = bisect_right(senders, moment_s, key=lambda sender: sender.moment_s)
    return senders[at - 1] if at and senders[at - 1].moment_s >= moment_s - look_back_s else None


def _soon_after(senders: list[_Sender], moment_s: int) -> _Sender | None:
    at = bisect_right(senders, moment_s, key=lambda sender: sender.moment_s)
    return senders[at] if at < len(senders) and senders[at].moment_s <= moment_s + CLOCK_SKEW_S else None


def _count(result: Sum, receiver: JoinKey, weight: int, sender: _Sender) -> None:
    second, _, flags, service, bucket = receiver
    _, _, sender_flags, client, client_bucket = sender.key
    minute = second // _SECONDS
    server = service_node(service)
    ends = (*service_node(client), *server, not flags & IS_CALL, minute)
    result.edges[*ends, client_bucket] += weight
    result.edges[*ends, SERVER_SIDE + bucket] += weight
    if (flags | sender_flags) & FAILED:
        result.edges[*ends, ERRORS] += weight
    if flags & FROM_USER:
        by_user = (*THE_USER, *server, False, minute)
        result.edges[*by_user, SERVER_SIDE + bucket] -= weight
        if flags & FAILED:
            result.edges[*by_user, ERRORS] -= weight
