"""The services of a world: each with its SDK, its place in AWS, and a few fixed code paths, as real services have.

Composed from the world's vocabulary by a generator seeded with the world's name, so that a world always has the
same services, whatever is sent from them.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

from benchmarks.workloads.sdks import Sdk
from benchmarks.workloads.worlds import World

Names = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that a code path does: a call to something, or work of its own, possibly around further steps."""

    does: str  # a key of spans.STEPS
    thing: str
    verb: str
    method: str  # of the API that is called
    target: str  # table, queue, bucket, host …
    business: tuple[tuple[str, Names], ...]  # attribute key -> its possible values; () is a random id


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One entry into a service: what sets it off, and the steps that follow."""

    trigger: str  # a key of spans.TRIGGERS
    thing: str
    verb: str
    source: str  # route, queue, rule
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One deployed function."""

    name: str
    function: str
    sdk: Sdk
    region: str
    account: str
    stage: str
    version: str
    memory_mib: int
    domain: str
    user_agents: Names
    operations: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One execution environment of a function: what its resource says beyond the service."""

    service: Service
    log_stream: str
    instance_id: str


@cache
def services(world: World) -> tuple[Service, ...]:
    """Every service of `world`, always the same."""
    random = Random(f"services of {world.name}")
    return tuple(_service(world, random) for _ in range(world.service_count))


def instance(service: Service, random: Random) -> Instance:
    """A fresh execution environment of `service`."""
    stream = f"2026/11/{random.randint(1, 28):02d}/[$LATEST]{random.getrandbits(128):032x}"
    return Instance(service=service, log_stream=stream, instance_id=uuid(random))


def uuid(random: Random) -> str:
    """A version 4 UUID as text."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{random.choice('89ab')}{digits[17:20]}-{digits[20:]}"


def _service(world: World, random: Random) -> Service:
    system, thing, verb = random.choice(world.systems), random.choice(world.things), random.choice(world.verbs)
    name = random.choice((f"{system}-{thing}", f"{thing}-service", f"{system}-{thing}-{verb}", f"{verb}-{thing}"))
    stage = random.choice(world.stages)
    things = (thing, thing, random.choice(world.things))
    reach = _reach(world, system, stage, things, random)
    return Service(
        name=name,
        function=random.choice((f"{name}-{stage}", f"{system}-{stage}-{name}", f"{stage}-{name}-handler")),
        sdk=random.choice(world.sdks),
        region=random.choice(world.regions),
        account=random.choice(world.accounts),
        stage=stage,
        version=random.choice(("$LATEST", str(random.randint(1, 240)))),
        memory_mib=random.choice((128, 256, 512, 1024, 1769)),
        domain=random.choice(world.domains),
        user_agents=world.user_agents,
        operations=tuple(
            _operation(world, (system, stage), things, reach, random) for _ in range(random.randint(1, 4))
        ),
    )


def _reach(world: World, system: str, stage: str, things: tuple[str, ...], random: Random) -> dict[str, Names]:
    """What a service can call: a function has a table or two, a queue, a bucket, and calls the same hosts all day."""
    table = random.choice((f"{system}-{{}}s-{stage}", "{}Table", f"{stage}-{{}}"))
    verb, thing = random.choice(world.verbs), things[0]
    return {
        "dynamodb": tuple(table.format(each) for each in things),
        "sqs": (f"{system}-{thing}-{verb}-{stage}",),
        "s3": (f"{system}-{thing}-files-{stage}",),
        "sns": (f"{system}-{thing}-events-{stage}",),
        "events": (f"{system}-bus-{stage}",),
        "http": tuple(random.sample(world.hosts, 2)),
        "secrets": (f"{stage}/{system}/{thing}",),
        "internal": things,
    }


def _operation(
    world: World, place: tuple[str, str], things: Names, reach: dict[str, Names], random: Random
) -> Operation:
    system, stage = place
    trigger = random.choices(("http", "sqs", "eventbridge", "timer", "sns"), (55, 20, 12, 6, 7))[0]
    thing, verb = things[0], random.choice(world.verbs)
    sources = {
        "http": random.choice((f"/v1/{thing}s", f"/v1/{thing}s/{{{thing}Id}}", f"/{thing}s/{{id}}/{verb}")),
        "sqs": f"{system}-{thing}-{verb}-{stage}",
        "eventbridge": f"{system}-{thing}-{verb}",
        "timer": f"{verb}-{thing}s-nightly",
        "sns": f"{system}-{thing}-events-{stage}",
    }
    business = tuple(_business_attribute(world, random.choice(things), random) for _ in range(3))
    steps = _with_loops([_step(world, things, reach, business, random) for _ in range(random.randint(4, 7))], random)
    return Operation(trigger=trigger, thing=thing, verb=verb, source=sources[trigger], steps=steps)


def _with_loops(steps: list[Step], random: Random) -> tuple[Step, ...]:
    """Code paths loop over items, read what they wrote, and page: a step is often followed by itself."""
    return tuple(each for each in steps for _ in range(random.choices((1, 2, 3, 5), (50, 25, 15, 10))[0]))


STEP_WEIGHTS = {"dynamodb": 34, "internal": 33, "http": 14, "sqs": 6, "s3": 4, "sns": 3, "events": 3, "secrets": 3}


METHODS = {
    "dynamodb": ("GetItem", "GetItem", "Query", "PutItem", "UpdateItem"),
    "s3": ("GetObject", "PutObject"),
    "http": ("GET", "GET", "POST"),
}


def _step(
    world: World, things: Names, reach: dict[str, Names], business: tuple[tuple[str, Names], ...], random: Random
) -> Step:
    does = random.choices(tuple(STEP_WEIGHTS), tuple(STEP_WEIGHTS.values()))[0]
    return Step(
        does=does,
        thing=random.choice(things),
        verb=random.choice(world.verbs),
        method=random.choice(METHODS.get(does, ("",))),
        target=random.choice(reach[does]),
        business=tuple(random.sample(business, random.randint(0, 3))),
    )


def _business_attribute(world: World, thing: str, random: Random) -> tuple[str, Names]:
    prefix = random.choice(world.attribute_prefixes)
    if random.random() < 0.45:
        return f"{prefix}.{thing}.id", ()
    return f"{prefix}.{thing}.{random.choice(('status', 'tier', 'channel', 'type'))}", random.choice(world.enumerations)
