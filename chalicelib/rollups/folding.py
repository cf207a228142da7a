"""Too many names: some are folded into one, so that a rollup keeps its size and its totals whatever is sent.

A name is folded at level n unless the last n bits of its hash are zero: level 1 folds about half of the names, level
2 three quarters. Levels belong to a *group*: all services, the operations of one service, the peers of one service, its
dependencies.
So one service that puts ids in its span names folds its own operations and nobody else's.

Why not "the 500 largest, and the rest": rollups are added and taken away from each other, and a series that was
folded in one and not in the other would be too small here and below zero there. Folding at a level is a linear map
that looks at nothing but the key, and folding at 2 after 1 is folding at 2. So fold(a) + fold(b) = fold(a + b) once
both are folded to the higher of their levels, which is what `joined` and rollup.add do, and differences telescope
exactly. `fit` chooses the least levels that are enough for the rollup at hand.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from chalicelib.rollups.keys import DependencyKey, EdgeKey, RedKey
from chalicelib.rollups.peers import SERVICE, USER

OTHER = "(other)"
EVERY = 64  # the level at which every name is folded

Group = tuple[str, str]
Levels = Mapping[Group, int]
"""By group its level, above 0. Groups of a service that is folded itself are left out."""

SERVICES: Group = ("services", "")
OPERATIONS = "operations"
PEERS = "peers"
DEPENDENCIES = "dependencies"


class Room(NamedTuple):
    """How many names may stay: services, and of each service its operations, its peers, and as many dependencies."""

    services: int
    operations: int
    peers: int


def joined(one: Levels, other: Levels) -> Levels:
    """The higher level of each group."""
    higher = {group: max(one.get(group, 0), other.get(group, 0)) for group in (*one, *other)}
    services = higher.get(SERVICES, 0)
    return {
        group: level
        for group, level in higher.items()
        if level and (group == SERVICES or _folded(group[1], services) == group[1])
    }


def fold_red(counts: Mapping[RedKey, int], levels: Levels) -> Mapping[RedKey, int]:
    """`counts` under folded keys."""
    if not levels:
        return counts
    folded: dict[RedKey, int] = defaultdict(int)
    services = levels.get(SERVICES, 0)
    for (service, operation, kind, minute, slot), count in counts.items():
        owner = _folded(service, services)
        name = OTHER if owner != service else _folded(operation, levels.get((OPERATIONS, service), 0))
        folded[owner, name, kind, minute, slot] += count
    return folded


def fold_edges(counts: Mapping[EdgeKey, int], levels: Levels) -> Mapping[EdgeKey, int]:
    """`counts` under folded keys."""
    if not levels:
        return counts
    folded: dict[EdgeKey, int] = defaultdict(int)
    for (client_kind, client, server_kind, server, is_messaging, minute, slot), count in counts.items():
        left, right = _fold_ends(client_kind, client, server_kind, server, levels)
        folded[client_kind, left, server_kind, right, is_messaging, minute, slot] += count
    return folded


def fold_dependencies(counts: Mapping[DependencyKey, int], levels: Levels) -> Mapping[DependencyKey, int]:
    """`counts` under folded keys."""
    if not levels:
        return counts
    folded: dict[DependencyKey, int] = defaultdict(int)
    services = levels.get(SERVICES, 0)
    for (told, teller, other, minute, slot), count in counts.items():
        owner = _folded(teller, services)
        level = EVERY if owner == OTHER else levels.get((DEPENDENCIES, teller), 0)
        folded[told, owner, _folded(other, level), minute, slot] += count
    return folded


def fit(
    red: Iterable[RedKey],
    edges: Iterable[EdgeKey],
    levels: Levels,
    room: Room,
    dependencies: Iterable[DependencyKey] = (),
) -> Levels:
    """The least levels, none below `levels`, at which no more names stay than there is room for."""
    operations: dict[str, set[str]] = defaultdict(set)
    for service, operation, _, _, _ in red:
        operations[service].add(operation)
    peers: dict[str, set[str]] = defaultdict(set)
    services = set(operations)
    for client_kind, client, server_kind, server, _, _, _ in edges:
        services.update(name for kind, name in ((client_kind, client), (server_kind, server)) if kind == SERVICE)
        owner, peer = (client, server) if client_kind == SERVICE else (server, client)
        if client_kind != USER:
            peers[owner].add(peer)
    others: dict[str, set[str]] = defaultdict(set)
    for _, teller, other, _, _ in dependencies:
        others[teller].add(other)
    services.update(others)
    found = {SERVICES: _level(services, room.services)}
    found |= {(OPERATIONS, service): _level(names, room.operations) for service, names in operations.items()}
    found |= {(PEERS, service): _level(names, room.peers) for service, names in peers.items()}
    found |= {(DEPENDENCIES, service): _level(names, room.peers) for service, names in others.items()}
    return joined(found, levels)


def _fold_ends(client_kind: str, client: str, server_kind: str, server: str, levels: Levels) -> tuple[str, str]:
    """The names of both ends. The end that is a service owns the edge (its caller, if both are); the other is its peer.

    A peer is folded by its owner's level, and as the service that it may be, whichever folds it.
    """
    services = levels.get(SERVICES, 0)
    left = _folded(client, services) if client_kind == SERVICE else client
    right = _folded(server, services) if server_kind == SERVICE else server
    if client_kind == USER:
        return left, right
    if client_kind == SERVICE:
        return left, _folded(right, _peer_level(client, left, levels))
    return _folded(left, _peer_level(server, right, levels)), right


def _peer_level(owner: str, folded: str, levels: Levels) -> int:
    return EVERY if folded == OTHER else levels.get((PEERS, owner), 0)


def _folded(name: str, level: int) -> str:
    return name if not level or _zeros(name) >= level else OTHER


def _level(names: Iterable[str], room: int) -> int:
    """The least level at which at most `room` of the names stay."""
    zeros = sorted((_zeros(name) for name in names if name != OTHER), reverse=True)
    return 0 if len(zeros) <= room else zeros[room] + 1


@lru_cache(maxsize=1 << 14)
def _zeros(name: str) -> int:
    """How many of the last bits of the name's hash are zero: 0 to EVERY - 1; -1 for OTHER, which never stays."""
    if name == OTHER:
        return -1
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) | 1 << EVERY - 1
    return (number & -number).bit_length() - 1
