"""Posts: what one exporter sends in one request, and the traces they belong to.

Everything is drawn from a seed: the same world, seed and count give the same bytes. Ids are random over their whole
width, and times have random low digits, as they have in the field; neither can be compressed, and both are most of
what a stored span weighs.
"""

from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, field
from math import exp
from random import Random

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from benchmarks.workloads import spans as content
from benchmarks.workloads.services import Instance, Operation, Service, instance, services
from benchmarks.workloads.worlds import World

NOON_NS = 1_795_348_800_000_000_000  # 2026-11-22T12:00:00Z
COLD_SHARE = 0.06
FAILING_SHARE = 0.02
INSTANCES_PER_SERVICE = 3
ERROR = 2


@dataclass
class Trace:
    """A trace being made: where the next invocation hangs, and when it starts."""

    trace_id: bytes
    parent_id: bytes
    at_ns: int
    remote: bool = False
    spans: list[tuple[Instance, str, Span]] = field(default_factory=list)


def ten_span_posts(world: World, seed: int, count: int, span_count: int = 10) -> list[TracesData]:
    """`count` posts of one invocation each: what a function sends when it is done."""
    random = Random(f"{world.name} ten-span {seed}")
    environments = _environments(world, random)
    return [_ten_span_post(environments, span_count, random) for _ in range(count)]


def collector_post(world: World, seed: int, span_count: int = 1000, trace_count: int = 100) -> TracesData:
    """One post of a Collector that batches for a whole team: traces of one to three services, grouped by resource."""
    random = Random(f"{world.name} collector {seed}")
    environments = _environments(world, random)[:36]
    sizes = [span_count // trace_count + (number < span_count % trace_count) for number in range(trace_count)]
    return _message(part for size in sizes for part in _walk(environments, size, random).spans)


def large_trace(world: World, seed: int, span_count: int) -> TracesData:
    """One trace of `span_count` spans, as one message."""
    trace, _ = _large_trace(world, seed, span_count)
    return _message(iter(trace.spans))


def large_trace_posts(world: World, seed: int, span_count: int) -> list[TracesData]:
    """The same trace as it arrives: one post for each invocation of at most ten spans."""
    trace, ends = _large_trace(world, seed, span_count)
    starts = [0, *ends[:-1]]
    return [_message(iter(trace.spans[start:end])) for start, end in zip(starts, ends, strict=True)]


def _large_trace(world: World, seed: int, span_count: int) -> tuple[Trace, list[int]]:
    """A workflow that fans out to ten-span invocations, several levels deep, and where each invocation's spans end."""
    random = Random(f"{world.name} large {seed}")
    environments = _environments(world, random)[:24]
    trace = Trace(trace_id=random.randbytes(16), parent_id=b"", at_ns=_moment(random))
    parents, ends = [b""], []
    while len(trace.spans) < span_count:
        trace.parent_id = parents[int(len(parents) * random.random() ** 3)]
        trace.remote = bool(trace.parent_id)
        trace.at_ns += random.randint(1_000_000, 40_000_000)
        _invoke(trace, random.choice(environments), min(10, span_count - len(trace.spans)), random)
        parents.append(trace.parent_id)
        ends.append(len(trace.spans))
    return trace, ends


def _environments(world: World, random: Random) -> list[Instance]:
    found = [instance(service, random) for service in services(world) for _ in range(INSTANCES_PER_SERVICE)]
    random.shuffle(found)
    return found


def _ten_span_post(environments: list[Instance], span_count: int, random: Random) -> TracesData:
    called_by = random.random() < 0.6
    trace = Trace(
        trace_id=random.randbytes(16),
        parent_id=random.randbytes(8) if called_by else b"",
        at_ns=_moment(random),
        remote=called_by,
    )
    _invoke(trace, random.choice(environments), span_count, random)
    return _message(iter(trace.spans))


def _walk(environments: list[Instance], span_count: int, random: Random) -> Trace:
    """A whole trace: a request that passes through one to three services."""
    trace = Trace(trace_id=random.randbytes(16), parent_id=b"", at_ns=_moment(random))
    hops = random.choices((1, 2, 3), (50, 35, 15))[0]
    while len(trace.spans) < span_count:
        left = span_count - len(trace.spans)
        _invoke(trace, random.choice(environments), min(left, max(2, span_count // hops)), random)
        trace.remote = True
    return trace


def _moment(random: Random) -> int:
    return NOON_NS + random.randint(0, 6 * 3600 * 10**9)


def _invoke(trace: Trace, where: Instance, span_count: int, random: Random) -> None:
    """Add one invocation of `span_count` spans in `where`; the trace then goes on from its last caller."""
    service = where.service
    operation = random.choice(service.operations)
    cold = random.random() < COLD_SHARE
    contents = _contents(service, operation, cold, span_count, random)
    root = _span(trace, contents[0], trace.parent_id, trace.remote, random)
    made = [(where, contents[0].scope, root)]
    around, now_ns, onward = root, root.start_time_unix_nano + random.randint(200_000, 3_000_000), root.span_id
    for each in contents[1:]:
        trace.at_ns = now_ns
        span = _span(trace, each, around.span_id, False, random)
        _maybe_fail(span, service, operation, random)
        now_ns = span.end_time_unix_nano + random.randint(20_000, 900_000)
        if each.kind in (content.CLIENT, content.PRODUCER):
            onward = span.span_id
        elif random.random() < 0.5:
            around, now_ns = span, span.start_time_unix_nano + random.randint(20_000, 400_000)
        made.append((where, each.scope, span))
    root.end_time_unix_nano = max(root.end_time_unix_nano, now_ns + random.randint(100_000, 2_000_000))
    trace.spans += reversed(made)  # SDKs send spans in the order in which they ended
    trace.parent_id, trace.at_ns = onward, now_ns


def _contents(
    service: Service, operation: Operation, cold: bool, span_count: int, random: Random
) -> list[content.Content]:
    planned = list(operation.steps)
    while len(planned) < span_count:
        planned += operation.steps
    found = [content.root(service, operation, cold, random)]
    if cold and span_count > 1:
        found.append(content.init_span())
    about: dict[str, str] = {}
    return found + [content.step(service, each, about, random) for each in planned[: span_count - len(found)]]


def _span(trace: Trace, made: content.Content, parent_id: bytes, remote: bool, random: Random) -> Span:
    duration_ns = int(made.median_ms * 1e6 * exp(random.gauss(0, 0.8)))
    span = Span(
        trace_id=trace.trace_id,
        span_id=random.randbytes(8),
        parent_span_id=parent_id,
        name=made.name,
        kind=made.kind,
        start_time_unix_nano=trace.at_ns,
        end_time_unix_nano=trace.at_ns + duration_ns,
        flags=0x300 if remote else 0x100,
    )
    _put_all(span.attributes, made.attributes)
    return span


def _maybe_fail(span: Span, service: Service, operation: Operation, random: Random) -> None:
    """Now and then, an exception with its stack trace, as `record_exception` writes it."""
    if random.random() >= FAILING_SHARE:
        return
    sdk = service.sdk
    type_name, pattern = random.choice(sdk.exceptions)
    identity = f"{random.getrandbits(40):010x}"
    message = pattern.format(thing=operation.thing, id=identity, host=operation.steps[0].target)
    frames = [
        sdk.frame.format(module=each.thing, function=f"{each.verb}_{each.thing}", line=random.randint(10, 400))
        for each in operation.steps[: random.randint(3, 7)]
    ]
    event = span.events.add(time_unix_nano=span.end_time_unix_nano - random.randint(1_000, 90_000), name="exception")
    trace_text = "".join(frames) + f"{type_name}: {message}"
    _put_all(
        event.attributes,
        {"exception.type": type_name, "exception.message": message, "exception.stacktrace": trace_text},
    )
    span.status.code = ERROR
    span.status.message = f"{type_name}: {message}"


def _message(made: Iterator[tuple[Instance, str, Span]]) -> TracesData:
    """Spans grouped by resource and scope in order of appearance, as exporters and the batch processor group them."""
    message = TracesData()
    resources: dict[Instance, ResourceSpans] = {}
    scopes: dict[tuple[Instance, str], ScopeSpans] = {}
    for where, scope, span in made:
        if where not in resources:
            resources[where] = message.resource_spans.add()
            _put_all(
                resources[where].resource.attributes,
                content.resource(where.service, where.log_stream, where.instance_id),
            )
        if (where, scope) not in scopes:
            scopes[where, scope] = _scope(resources[where], where.service, scope)
        _finish(span, where.service)
        scopes[where, scope].spans.append(span)
    return message


def _scope(parent: ResourceSpans, service: Service, scope: str) -> ScopeSpans:
    sdk = service.sdk
    names = {
        "lambda": sdk.lambda_scope,
        "aws": sdk.aws_scope,
        "http": sdk.http_scope,
        "app": (service.name, sdk.app_version),
    }
    added = parent.scope_spans.add()
    added.scope.name, added.scope.version = names[scope]
    if sdk.stable_conventions and scope != "app":
        added.schema_url = "https://opentelemetry.io/schemas/1.37.0"
    return added


def _finish(span: Span, service: Service) -> None:
    """The small ways in which SDKs differ: the sampled bit, and a status message that is always present."""
    if not service.sdk.parent_flags_only:
        span.flags |= 1
    span.status.SetInParent()


def _put_all(target: MutableSequence[KeyValue], attributes: content.Attributes) -> None:
    for key, value in attributes.items():
        target.append(KeyValue(key=key, value=_any_value(value)))


def _any_value(value: content.Value) -> AnyValue:
    if isinstance(value, tuple):
        made = AnyValue()
        made.array_value.values.extend(AnyValue(string_value=each) for each in value)
        return made
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)
